"""`careloop erasure`: asked for by an operator, listed, read back; and a restore from a backup brings nobody back."""

import asyncio
import json
import subprocess
from collections.abc import AsyncIterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from deploy.forgotten import in_database
from deploy.local.databases import Database
from deploy.local.postgres import _binaries
from services.customers.app import service
from shared.ids import customer_of
from tests.apis import Api
from tests.apis import api as over
from tests.conftest import Databases
from tests.customers.erasing import NAME, WORDS, answer_of, ask, decide, left_in, told, work
from tests.deploy.here import Told, careloop_here
from tests.erasing import everything_in
from tests.makers import declared, placed, record
from tests.rooms import World, world

C1 = str(customer_of("erp/C-1"))
EVERYBODY = "customers", "complaints", "followup", "reception"


@pytest.fixture
async def customers(databases: Databases) -> AsyncIterator[World]:
    async with world(databases, service) as room:
        await room.handle(
            record("order.placed.v1", placed("O-1", "shop/77")),
            record("customer.declared.v1", told("erp/C-1", references=["shop/77"])),
            record("customer.declared.v1", declared("erp/C-2")),
        )
        yield room


async def command(room: World, *words: str) -> Told:
    return await careloop_here("erasure", *words, CARELOOP_DATABASE=room.dsn)


async def carried_out(room: World, folder: Path) -> Api:
    """What workers do within some seconds, the other services' answers included."""
    async with over(service, room, folder) as api:
        await work(room, api)
        for row in await room.rows("erasure", "id, customer_id, unit", "state = 'running'"):
            told = {"id": str(row["id"]), "customer_id": str(row["customer_id"]), "unit": row["unit"]}
            await room.handle(*(answer_of(name, told) for name in EVERYBODY))
        await work(room, api)
        return api


async def test_an_operator_erases_on_the_record(customers: World, tmp_path: Path) -> None:
    assert (await command(customers, "list")).stdout == "Nobody is to be erased.\n"
    told = await command(customers, "run", "shop/77", "--reason", "retention")
    assert (told.returncode, told.stdout) == (0, "1 will be erased; 0 are under way or were erased before.\n"), told.stderr
    assert (await command(customers, "run", C1)).stdout == "0 will be erased; 1 are under way or were erased before.\n"
    await carried_out(customers, tmp_path)
    (listed,) = json.loads((await command(customers, "list", "--json")).stdout)
    assert (listed["state"], listed["customer_id"], listed["reason"], listed["answered"]) == (
        "completed",
        C1,
        "retention",
        sorted(EVERYBODY),
    )
    assert left_in(await everything_in(customers)) == [] and C1 in (await command(customers, "list")).stdout
    (line,) = await customers.rows("audit", "by, action, about", "action = 'erasure.run'")
    assert line["by"].startswith("cli:") and line["about"] == f"customer:{C1}"


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["run"], "Say whom"),
        (["run", "nobody"], "neither one of our ids nor system/id"),
        (["run", "erp/nobody"], "There is no customer erp/nobody"),
        (["run", C1, "--reason", "whim"], "There is no reason 'whim'"),
        (["run", "--ledger", "/nowhere/at/all"], "can't be read"),
        (["verify"], "Say whom"),
        (["verify", "nobody"], "neither one of our ids nor system/id"),
        (["verify", "erp/nobody"], "There is no customer erp/nobody"),
        (["verify", "01990000-0000-7000-8000-000000000000"], "There is no customer 01990000"),
    ],
)  # fmt: skip
async def test_what_is_refused_is_one_sentence(customers: World, words: list[str], sentence: str) -> None:
    told = await command(customers, *words)
    assert told.returncode and sentence in told.stderr and len(told.stderr.splitlines()) == 1


async def test_whom_the_law_keeps_is_not_erased_in_passing(customers: World, tmp_path: Path) -> None:
    """A hold is looked at by a privacy officer, or said to be over; and an erasure is no customer."""
    async with over(service, customers, tmp_path) as api:
        asked = await ask(api, customer={"system": "erp", "id": "C-1"})
        await decide(api, asked["id"], "refusal", {"reason": "legal_hold"})
    told = await command(customers, "run", C1)
    assert told.returncode and "--hold-is-over" in told.stderr and len(told.stderr.splitlines()) == 1
    told = await command(customers, "verify", asked["id"])
    assert told.returncode and f"the customer is {C1}" in told.stderr
    assert (await command(customers, "run", C1, "--hold-is-over")).stdout.startswith("1 will be erased")


async def test_a_ledger_that_is_none_of_ours_is_refused(customers: World, tmp_path: Path) -> None:
    (tmp_path / "ledger").write_text('{"customer_id": "nobody"}\n')
    told = await command(customers, "run", "--ledger", str(tmp_path / "ledger"))
    assert told.returncode and "a line that is none of ours" in told.stderr


def tool(name: str) -> str:
    return str(_binaries(None) / name)


async def done(*words: str) -> None:
    ended = await asyncio.to_thread(subprocess.run, words, capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stderr


async def restored(databases: Databases, dump: Path) -> Database:
    database = await databases.empty("customers")
    await done(tool("pg_restore"), "--no-owner", "--no-privileges", "--exit-on-error", "-d", database.owner_dsn, str(dump))
    return database


async def test_a_restore_from_a_backup_brings_nobody_back(customers: World, databases: Databases, tmp_path: Path) -> None:
    """A real backup from before the erasure, restored; the ledger is played on it."""
    dump, ledger = tmp_path / "backup", tmp_path / "ledger"
    await done(tool("pg_dump"), "-Fc", "-f", str(dump), customers.dsn)
    await command(customers, "run", C1)
    await carried_out(customers, tmp_path)
    kept = (await command(customers, "ledger")).stdout
    ledger.write_text(kept)
    entry = json.loads(kept)
    assert left_in(kept) == [] and "erp/C-1" not in kept and len(entry["hashes"]) == 2 and entry["customer_id"] == C1

    back = await restored(databases, dump)
    async with world(SimpleNamespace(migrated=lambda _: given(back)), service) as room:
        assert left_in(await everything_in(room)), "the backup has them"
        told = await command(room, "run", "--ledger", str(ledger))
        assert told.stdout == "1 will be erased; 0 are under way or were erased before.\n", told.stderr
        await room.handle(record("customer.declared.v1", {**declared("erp/C-1"), "display_name": NAME}))  # read again by Kafka's offsets
        assert [it["code"] for it in await room.rows("parked", "code")] == ["erased_subject"]
        await carried_out(room, tmp_path)
        assert left_in(await everything_in(room)) == []
        assert (await command(room, "run", "--ledger", str(ledger))).stdout.startswith("0 will be erased; 1 are")
        (order,) = await room.rows("orders", "erased_id")
        assert str(order["erased_id"]) == C1


async def given(database: Database) -> Database:
    return database


async def test_whom_a_restored_file_never_heard_of_stays_erased_too(customers: World, databases: Databases, tmp_path: Path) -> None:
    await command(customers, "run", C1)
    await carried_out(customers, tmp_path)
    (tmp_path / "ledger").write_text((await command(customers, "ledger")).stdout)
    async with world(databases, service) as empty:
        await command(empty, "run", "--ledger", str(tmp_path / "ledger"))
        await carried_out(empty, tmp_path)
        await empty.handle(record("customer.declared.v1", told("erp/C-1")), record("order.placed.v1", placed("O-9", "erp/C-1")))
        assert left_in(await everything_in(empty)) == []
        assert {it["state"] for it in await empty.rows("customer", "state")} == {"erased"}
        async with over(service, empty, tmp_path) as api:
            assert (await api.get("/v1/orders/O-9"))["customer_id"] == C1


async def test_what_is_left_is_found_wherever_it_stands(customers: World, tmp_path: Path) -> None:
    async def left(words: Any = ()) -> dict[str, int]:
        ids = [customer_of("erp/C-1"), customer_of("shop/77")]
        async with customers.pool.acquire() as connection:
            return {it.where: it.count for it in await in_database(connection, "customers", ids, words)}

    assert (await left())["customers: customer"] == 1 and (await left())["customers: claim"] == 2
    await command(customers, "run", C1)
    await carried_out(customers, tmp_path)
    await customers.pool.execute("DELETE FROM outbox")
    assert await left(WORDS) == {}
    await customers.pool.execute("UPDATE customer SET business_scope = $1 WHERE state = 'erased'", f"of {NAME}")
    await customers.pool.execute("INSERT INTO stopped (topic, reason) VALUES ('x', $1)", WORDS[1])
    assert await left(WORDS) == {"customers: customer": 1, "customers: customer.business_scope": 1, "customers: stopped.reason": 1}


async def test_a_service_that_was_restored_is_told_again_while_one_is_under_way(customers: World, tmp_path: Path) -> None:
    await command(customers, "run", "erp/C-1")
    async with over(service, customers, tmp_path) as api:
        await work(customers, api)
        (running,) = await customers.rows("erasure", "id, customer_id, unit")
        told_of = {name: str(it) for name, it in running.items()}
        await customers.handle(answer_of("complaints", told_of))
        again = await command(customers, "run", "erp/C-1")
        assert again.stdout == "0 will be erased; 1 are under way or were erased before.\n"
        again = await command(customers, "run", "erp/C-1", "--again")
        assert (again.returncode, again.stdout) == (0, "1 will be erased; 0 are under way or were erased before.\n"), again.stderr
        await work(customers, api)
    requests = [body["erasure_id"] for type, body in await customers.announced() if type == "erasure.requested.v1"]
    assert requests == [told_of["id"]] * 2
    (running,) = await customers.rows("erasure", "state, answers")
    assert running == {"state": "running", "answers": {}}  # whatever was answered before
    assert [type for type, _ in await customers.announced()].count("erasure.completed.v1") == 2  # our own, each time


async def test_who_is_erased_is_erased_again_when_asked_to(customers: World, tmp_path: Path) -> None:
    await command(customers, "run", "erp/C-1")
    await carried_out(customers, tmp_path)
    assert (await command(customers, "run", C1)).stdout.startswith("0 will be erased")
    assert (await command(customers, "run", C1, "--again")).stdout.startswith("1 will be erased")
    await carried_out(customers, tmp_path)
    assert [it["state"] for it in await customers.rows("erasure", "state")] == ["completed"] * 2
