"""What a service announced about things that people follow is kept, and told to whoever may ask, as CloudEvents."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from shared import events_api, journal
from shared.contracts.complaints import ComplaintWithdrawn
from shared.contracts.customers import CustomerUpdated
from shared.database import driver_of, keep, transaction
from shared.ids import uuid7
from shared.outbox import Cause
from shared.reactions import Listener
from shared.service import Service
from shared.settings import ServiceSettings
from tests.apis import Api, api
from tests.rooms import World, world
from tests.shared.a_room import Counting

SERVICE = Service(
    "complaints", "Any", ServiceSettings, Counting.metadata, Path("services/complaints/migrations"), routers=lambda: [events_api.router]
)
WHO = uuid7()


def withdrawn(complaint: UUID, round: int = 1) -> ComplaintWithdrawn:
    return ComplaintWithdrawn(
        customer_id=WHO, unit="headquarters", complaint_id=complaint, number="20260105-1", round=round, withdrawn_at=datetime(2026, 1, 5, tzinfo=UTC), withdrawn_by="s-1"
    )  # fmt: skip


@pytest.fixture
async def complaints(databases: Any) -> AsyncIterator[World]:
    async with world(databases, SERVICE, listeners=[Listener("careloop.complaints")]) as room:
        yield room


@pytest.fixture
async def served(complaints: World, tmp_path: Path) -> AsyncIterator[Api]:
    async with api(SERVICE, complaints, tmp_path) as told:
        yield told


async def announce(room: World, *events: Any, correlation: str) -> None:
    async with transaction(room.engine, Cause(correlation)) as session:
        keep(session, [*events])


async def test_what_is_kept_stands_beside_the_outbox(complaints: World) -> None:
    one, other = uuid7(), uuid7()
    updated = CustomerUpdated(customer_id=WHO, unit="headquarters", changed=["phones"])
    await announce(complaints, withdrawn(one), updated, withdrawn(other), correlation="c-1")
    out = await complaints.rows("outbox", "id, type, subject, unit, correlation, announced_at", "true ORDER BY position")
    kept = await complaints.rows("journal", "id, type, subject, unit, correlation, announced_at", "true ORDER BY id")
    assert kept == [out[0], out[2]], "the third contract does not say `kept`"


async def test_what_is_only_announced_is_one_transaction_too(complaints: World) -> None:
    """Otherwise the locks of keys would end with their statement."""
    async with transaction(complaints.engine) as session:
        assert (await driver_of(session)).is_in_transaction()


async def test_what_was_rolled_back_never_was(complaints: World) -> None:
    with pytest.raises(KeyError):
        async with transaction(complaints.engine, Cause("c-1")) as session:
            keep(session, [withdrawn(uuid7())])
            await session.flush()
            raise KeyError
    assert not await complaints.rows("journal")


async def test_one_thing_is_followed_by_its_correlation(complaints: World, served: Api) -> None:
    one = uuid7()
    for round in (1, 2, 3):
        await announce(complaints, withdrawn(one, round), correlation="c-1")
    await announce(complaints, withdrawn(uuid7()), correlation="c-2")
    first = await served.get("/v1/events?correlationid=c-1&limit=2&count=true", role="viewer")
    rest = await served.get(f"/v1/events?correlationid=c-1&limit=2&cursor={first['next']}", role="viewer")
    told = first["items"] + rest["items"]
    assert [it["data"]["round"] for it in told] == [1, 2, 3] and (first["total"], rest["next"]) == (3, None)
    assert told[0] | {"id": "", "time": "", "data": {}} == {
        "specversion": "1.0", "id": "", "source": "/careloop/complaints", "type": "complaint.withdrawn.v1", "time": "", "subject": str(one),
        "orgunit": "headquarters", "correlationid": "c-1", "data": {},
    }  # fmt: skip
    by_subject = await served.get(f"/v1/events?subject={one}&type=complaint.withdrawn.v1")
    assert by_subject["items"] == told
    assert (await served.ask("GET", "/v1/events", role="privacy_officer")).status_code == 403


def test_its_columns_are_those_of_the_outbox_row() -> None:
    from shared import outbox

    row = outbox.row(withdrawn(uuid7()), "key", Cause("c-1"))
    assert len(row) == len(outbox.COLUMNS) and set(journal.COLUMNS) == {*outbox.COLUMNS, "data"} - {"key", "payload", "trace"}
