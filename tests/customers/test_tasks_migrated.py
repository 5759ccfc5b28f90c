"""The first start on orders that are there already opens tasks for those alone that are still news."""

from datetime import timedelta
from typing import Any

import asyncpg

from services.customers.app import service
from shared.clock import now
from shared.ids import made_of
from shared.migrations import migrate


async def test_what_was_unclear_long_before_there_were_tasks_makes_none(databases: Any) -> None:
    dsn = (await databases.empty("customers")).owner_dsn
    await migrate(service, dsn, to="0006")
    connection = await asyncpg.connect(dsn)
    try:
        for order, days in (("old", 60), ("new", 1)):
            row = {
                "id": made_of("order", order), "system": "erp", "order_id": order, "reference": "erp/C-1", "source": "/erp", "state": "clarifying",
                "clarifying": '["payment_terms"]', "placed_at": now() - timedelta(days=days), "delivered": False, "facts": "{}", "created_at": now(),
            }  # fmt: skip
            places = ", ".join(f"${n}" for n in range(1, len(row) + 1))
            await connection.execute(f"INSERT INTO orders ({', '.join(row)}) VALUES ({places})", *row.values())
        await migrate(service, dsn, to="0007")
        found = await connection.fetch("SELECT order_id, asked FROM orders")
    finally:
        await connection.close()
    assert {row["order_id"]: row["asked"] for row in found} == {"old": True, "new": False}
