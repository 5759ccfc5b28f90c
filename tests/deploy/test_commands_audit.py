"""`careloop audit`: a whole chain is told as whole, and whatever was done to one is found; operators' commands leave lines."""

import json
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import asyncpg
import pytest

from deploy.audit import BEGINNING, operator
from shared import audit
from shared.clock import now
from tests.deploy.here import Told, careloop_here

FILL = """
INSERT INTO audit (at, by, action, about, purpose, fields, unit, outcome, facts, correlation)
SELECT now(), 's-' || n, 'unmasked', 'customer:' || n, CASE WHEN n % 2 = 0 THEN 'deliver' END, '["phones", "地址"]', '长沙', 'done',
       '{"count": 1.50, "b": null}', NULL FROM generate_series(1, $1::int) AS n"""


class Trail:
    """A chain of twelve lines, and its owner, who can do anything to it."""

    def __init__(self, dsn: str, owner: asyncpg.Connection) -> None:
        self.dsn, self.owner = dsn, owner

    async def tampered(self, *statements: str) -> None:
        for statement in ("ALTER TABLE audit DISABLE TRIGGER ALL", *statements, "ALTER TABLE audit ENABLE TRIGGER ALL"):
            await self.owner.execute(statement)

    async def command(self, *words: str) -> Told:
        return await careloop_here("audit", *words, CARELOOP_DATABASE=self.dsn)

    async def verified(self, *words: str) -> dict[str, Any]:
        told = await self.command("verify", "--service", "customers", "--json", *words)
        (found,) = json.loads(told.stdout)
        assert told.returncode == (1 if found["broken"] else 0)
        return dict(found)


@pytest.fixture
async def trail(databases: Any) -> AsyncIterator[Trail]:
    database = await databases.migrated("customers")
    owner = await asyncpg.connect(database.owner_dsn)
    await owner.execute(FILL, 12)
    yield Trail(database.dsn, owner)
    await owner.close()


async def test_a_whole_chain(trail: Trail) -> None:
    found = await trail.verified()
    last = await trail.owner.fetchval("SELECT encode(hash, 'hex') FROM audit WHERE seq = 12")
    assert found == {"service": "customers", "lines": 12, "head": f"12:{last}", "broken": None}
    told = await trail.command("verify", "--service", "customers", "--head", found["head"])
    assert told.stdout == f"customers: 12 lines, whole; head 12:{last}\n"


async def test_an_empty_chain_is_whole(databases: Any) -> None:
    database = await databases.migrated("customers")
    told = await careloop_here("audit", "verify", "--service", "customers", CARELOOP_DATABASE=database.dsn)
    assert (told.returncode, told.stdout) == (0, f"customers: 0 lines, whole; head 0:{BEGINNING.hex()}\n")


@pytest.mark.parametrize(
    "column", ["recorded_at", "at", "by", "action", "about", "purpose", "fields", "unit", "outcome", "facts", "correlation"]
)
async def test_a_changed_line_is_found(trail: Trail, column: str) -> None:
    kind = await trail.owner.fetchval(
        "SELECT data_type FROM information_schema.columns WHERE table_name = 'audit' AND column_name = $1", column
    )
    value = {"jsonb": "'[5]'", "timestamp with time zone": f"{column} + interval '1 microsecond'"}.get(kind, "'-'")
    await trail.tampered(f"UPDATE audit SET {column} = {value} WHERE seq = 7")
    found = await trail.verified()
    assert (found["lines"], found["broken"]) == (6, {"seq": 7, "why": "it was changed: its hash is not what it says"})
    told = await trail.command("verify", "--service", "customers")
    assert (told.returncode, told.stdout.count("\n"), "breaks at line 7" in told.stdout) == (1, 1, True)


async def test_what_moves_from_one_column_to_the_next_is_found(trail: Trail) -> None:
    await trail.tampered("UPDATE audit SET by = 's-7unmasked', action = '' WHERE seq = 7")
    assert (await trail.verified())["broken"]["seq"] == 7


async def test_a_line_with_a_new_hash_is_found_at_the_next(trail: Trail) -> None:
    """Whoever knows how the hash is made changes a line and hashes it anew; the next one follows another."""
    await trail.tampered(
        "CREATE TABLE kept AS SELECT * FROM audit WHERE seq > 7", "DELETE FROM audit WHERE seq >= 7",
        "ALTER TABLE audit ENABLE TRIGGER audit_chain", FILL.replace("$1", "1"), "ALTER TABLE audit DISABLE TRIGGER audit_chain",
        "INSERT INTO audit SELECT * FROM kept",
    )  # fmt: skip
    found = await trail.verified()
    assert (found["lines"], found["broken"]["seq"]) == (7, 8) and "does not follow" in found["broken"]["why"]


async def test_a_missing_line_is_found(trail: Trail) -> None:
    await trail.tampered("DELETE FROM audit WHERE seq IN (4, 5)")
    assert (await trail.verified())["broken"] == {"seq": 4, "why": "it is missing"}


async def test_the_first_line_is_missed_too(trail: Trail) -> None:
    await trail.tampered("DELETE FROM audit WHERE seq = 1")
    assert (await trail.verified())["broken"]["seq"] == 1


async def test_a_cut_tail_and_a_chain_written_anew_are_found_with_a_head_that_was_kept(trail: Trail) -> None:
    head = (await trail.verified())["head"]
    await trail.tampered("DELETE FROM audit WHERE seq > 9")
    assert (await trail.verified())["broken"] is None
    assert (await trail.verified("--head", head))["broken"] == {"seq": 10, "why": "it is gone, and so is every line from there on"}
    await trail.owner.execute(FILL, 5)
    assert (await trail.verified())["broken"] is None
    found = await trail.verified("--head", head)
    assert found["broken"]["seq"] == 12 and "written anew" in found["broken"]["why"]


async def test_a_head_is_of_one_chain_and_reads_like_one(trail: Trail) -> None:
    told = await trail.command("verify", "--service", "customers", "--head", "12")
    assert (told.returncode, "write SEQ:HASH" in told.stderr) == (1, True)


async def test_the_trail_is_told_line_by_line(trail: Trail) -> None:
    told = await trail.command("export", "--service", "customers")
    rows = [json.loads(line) for line in told.stdout.splitlines()]
    assert [it["seq"] for it in rows] == list(range(1, 13)) and rows[1]["previous"] == rows[0]["hash"]
    assert (rows[0]["service"], rows[0]["fields"], rows[0]["facts"], rows[0]["at"][-1]) == (
        "customers",
        ["phones", "地址"],
        {"count": 1.5, "b": None},
        "Z",
    )
    later = await trail.command("export", "--service", "customers", "--since", (now() + timedelta(hours=1)).isoformat())
    assert (later.returncode, later.stdout) == (0, "")


async def test_a_long_chain_is_walked(trail: Trail) -> None:
    """More lines than are read at once."""
    await trail.owner.execute(FILL, 11_000)
    assert (await trail.verified())["lines"] == 11_012


async def test_one_that_tells_of_many_names_the_first_of_them() -> None:
    many = audit.of_these("parked", list(range(150)))
    assert many["about"] == "parked" and (many["facts"]["count"], len(many["facts"]["ids"])) == (150, 100)
    assert audit.of_these("parked", [5]) == {"about": "parked:5"}
    assert operator().startswith("cli:") and len(operator()) > 4
