"""The first start on what is there already opens no tasks for it."""

from typing import Any

import asyncpg

from services.followup.app import service
from shared.ids import made_of
from shared.migrations import migrate
from tests.followup.conftest import NOON

STATES = "failed", "awaiting_contact", "planned"


async def test_what_nobody_was_told_before_there_were_tasks_makes_none(databases: Any) -> None:
    dsn = (await databases.empty("followup")).owner_dsn
    await migrate(service, dsn, to="0010")
    connection = await asyncpg.connect(dsn)
    try:
        for state in STATES:
            row = {
                "id": made_of("notice", state), "kind": "shipped", "source": "/erp", "fulfilment_id": made_of("order"), "order_id": "O-1",
                "reference": "erp/C-1", "customer_id": made_of("customer"), "unit": "headquarters", "state": state, "news_at": NOON, "due_at": NOON,
                "planned_at": NOON, "facts": "{}", "deliveries": "[]", "version": 1,
            }  # fmt: skip
            places = ", ".join(f"${n}" for n in range(1, len(row) + 1))
            await connection.execute(f"INSERT INTO notice ({', '.join(row)}) VALUES ({places})", *row.values())
        await migrate(service, dsn, to="0011")
        found = await connection.fetch("SELECT state, asked FROM notice")
    finally:
        await connection.close()
    assert {row["state"]: row["asked"] for row in found} == {"failed": True, "awaiting_contact": True, "planned": False}
