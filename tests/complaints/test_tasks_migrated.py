"""Tasks of before somebody could have one are kept as they were, and can be taken back."""

from typing import Any

import asyncpg
import orjson

from services.complaints.app import service
from shared.migrations import migrate
from tests.complaints.making import C1, NOON, number

BEFORE = {
    "id": number(1), "kind": "dissatisfied", "role": "leader", "state": "done", "about": f"complaint:{number(9)}", "complaint_id": number(9), "round": 3,
    "named_id": C1, "customer_id": C1, "unit": "headquarters", "source": "/careloop/followup", "aspects": ["price", "speed"], "created_at": NOON,
    "done_at": NOON, "done_by": "s-1", "correlation": "a story", "version": 2,
}  # fmt: skip
OPEN = BEFORE | {
    "id": number(2), "kind": "fair", "role": "supervisor", "state": "open", "about": "order:PO-7", "complaint_id": None, "round": None, "aspects": [],
    "done_at": None, "done_by": None,
}  # fmt: skip
NEW = {"assigned_to": None, "due_at": None}


async def rows(dsn: str) -> list[dict[str, Any]]:
    connection = await asyncpg.connect(dsn)
    try:
        return [dict(row) for row in await connection.fetch("SELECT * FROM task ORDER BY id")]
    finally:
        await connection.close()


def read(row: dict[str, Any]) -> dict[str, Any]:
    return {name: orjson.loads(it) if name in ("facts", "aspects") else it for name, it in row.items()}


async def test_rows_are_kept_there_and_back(databases: Any) -> None:
    dsn = (await databases.empty("complaints")).owner_dsn
    await migrate(service, dsn, to="0008")
    connection = await asyncpg.connect(dsn)
    for row in (BEFORE, OPEN):
        values = [orjson.dumps(it).decode() if name == "aspects" else it for name, it in row.items()]
        places = ", ".join(f"${n}" for n in range(1, len(row) + 1))
        await connection.execute(f"INSERT INTO task ({', '.join(row)}) VALUES ({places})", *values)
    await connection.close()
    await migrate(service, dsn, to="0009")
    facts = {number(1): {"round": 3, "aspects": ["price", "speed"]}, number(2): {"aspects": []}}
    for old, now in zip(sorted((BEFORE, OPEN), key=lambda it: str(it["id"])), map(read, await rows(dsn)), strict=True):
        assert now.pop("urgent_at").year == 9999
        assert now == old | NEW | {"facts": facts[now["id"]]}
    await migrate(service, dsn, to="-1")
    assert {row["id"]: read(row) for row in await rows(dsn)} == {row["id"]: row for row in (BEFORE, OPEN)}
