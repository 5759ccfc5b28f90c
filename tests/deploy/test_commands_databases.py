"""`careloop migrate` and `careloop schema status`: databases come to the revision of this build, whoever asks and however often."""

import asyncio
import json

import asyncpg
import pytest

from services.followup.app import service
from shared.migrations import head
from tests.deploy.here import careloop_here

HEAD = head(service.migrations)


async def test_an_empty_database_is_brought_up_and_stays(databases):
    database = await databases.empty("followup")
    told = await careloop_here("schema", "status", "followup", CARELOOP_DATABASE=database.dsn)
    assert (told.returncode, told.stdout.splitlines()[1].split()) == (1, ["followup", "-", HEAD, "empty"])
    done = await careloop_here("migrate", "followup", CARELOOP_OWNER_DATABASE=database.owner_dsn)
    assert (done.returncode, done.stdout, done.stderr) == (0, f"followup: empty -> {HEAD}\n", "")
    done = await careloop_here("migrate", "followup", "--json", CARELOOP_OWNER_DATABASE=database.owner_dsn)
    assert json.loads(done.stdout) == [{"service": "followup", "before": HEAD, "after": HEAD}]
    told = await careloop_here("schema", "status", "followup", "--json", CARELOOP_DATABASE=database.dsn)
    assert (told.returncode, json.loads(told.stdout)) == (0, [{"service": "followup", "database": HEAD, "build": HEAD, "state": "current"}])


async def test_two_migrators_at_once_do_no_harm(databases):
    from deploy.command.migrate import bring

    database = await databases.empty("customers")
    from services.customers.app import service

    both = await asyncio.gather(bring(service, database.owner_dsn), bring(service, database.owner_dsn))
    assert sorted(it["before"] or "" for it in both) == ["", head(service.migrations)]
    assert {it["after"] for it in both} == {head(service.migrations)}


@pytest.mark.parametrize(("revision", "state", "code"), [("0001", "behind", 1), ("9999", "ahead", 0)])
async def test_an_older_database_is_behind_and_a_newer_one_ahead(databases, revision, state, code):
    database = await databases.migrated("followup")
    connection = await asyncpg.connect(database.owner_dsn)
    await connection.execute("UPDATE alembic_version SET version_num = $1", revision)
    await connection.close()
    told = await careloop_here("schema", "status", "followup", "--json", CARELOOP_DATABASE=database.dsn)
    assert (told.returncode, json.loads(told.stdout)[0]["state"]) == (code, state)


async def test_every_refusal_is_one_sentence(databases, tmp_path):
    database = await databases.empty("followup")
    where = database.dsn.rpartition("@")[2].partition("/")[0]
    wrong = f"postgresql://followup_owner:wrong@{where}/{database.name}"
    for environment, words, sentence in (
        (
            {"CARELOOP_OWNER_DATABASE": database.owner_dsn},
            ["migrate"],
            "CARELOOP_OWNER_DATABASE is the database of one service: say of which.",
        ),
        ({"CARELOOP_OWNER_DATABASE": "followup"}, ["migrate", "followup"], "CARELOOP_OWNER_DATABASE is no address of a database; write"),
        (
            {"CARELOOP_OWNER_DATABASE": wrong},
            ["migrate", "followup"],
            f"PostgreSQL does not let us into {database.name} at {where}: password",
        ),
        ({}, ["migrate", "sales"], "There is no service 'sales'; the services are"),
        (
            {"CARELOOP_RUN": str(tmp_path)},
            ["migrate", "followup"],
            "It is not known where the databases are: `make run` starts a system here",
        ),
        ({"CARELOOP_DATABASE": database.dsn}, ["schema", "status"], "CARELOOP_DATABASE is the database of one service: say of which."),
        ({"CARELOOP_DATABASE": database.dsn}, ["parked", "list"], f"The schema of {database.name} at {where} is older than this build"),
    ):
        told = await careloop_here(*words, **environment)
        assert (told.returncode in (1, 2), told.stdout) == (True, "")
        assert told.stderr.startswith(sentence)
        assert (told.stderr.count("\n"), "wrong@" in told.stderr) == (1, False)


async def test_the_system_that_runs_here_is_found_by_its_folder(databases, tmp_path):
    (tmp_path / "postgres").mkdir()
    (tmp_path / "postgres" / "password").write_text("tests")
    database = await databases.empty("followup")
    (tmp_path / "addresses.json").write_text(json.dumps({"postgres": {"followup": database.dsn}}))
    told = await careloop_here("migrate", "followup", CARELOOP_RUN=str(tmp_path))
    assert (told.returncode, told.stdout, told.stderr) == (0, f"followup: empty -> {HEAD}\n", "")
