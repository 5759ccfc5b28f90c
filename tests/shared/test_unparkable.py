"""What can be neither handled nor parked is a bug: it ends the worker, and is not tried for ever."""

import asyncio
from typing import Any

import pytest

from services.customers.app import service
from shared import parked
from tests.makers import declared, record
from tests.rooms import world


async def test_a_record_that_can_not_even_be_parked_is_raised(databases: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    async def full(*_: Any, **__: Any) -> None:
        raise RuntimeError("no room")

    monkeypatch.setattr(parked, "keep", full)
    first, second = (record("customer.declared.v1", declared(it, references=["shop/W-1"])) for it in ("erp/C-1", "erp/C-2"))
    async with world(databases, service) as customers:
        await customers.handle(first)
        with pytest.raises(RuntimeError):
            async with asyncio.timeout(10):
                await customers.handle(second)
        assert len(await customers.rows("customer")) == 2 and len(await customers.rows("inbox")) == 1
