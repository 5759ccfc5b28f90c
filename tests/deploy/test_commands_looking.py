"""`careloop lag`, `selfcheck` and `config show`: an operator sees how a system is, and no password."""

import json
from pathlib import Path

import asyncpg
import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.admin.records_to_delete import RecordsToDelete

from deploy.lag import Lag, lags
from deploy.local import issuer
from deploy.topics import apply_topics
from shared.ids import uuid7
from tests.deploy.cli import careloop
from tests.deploy.here import careloop_here
from tests.deploy.topics import make

TOPIC = "careloop.reception"  # one that no other test reads or writes
CONFIG = str(Path(__file__).parents[2] / "deploy/local/config")


async def test_lag_is_what_lies_behind_the_committed_offset(kafka):
    await make(kafka, [TOPIC])
    group, place = f"reception-{uuid7()}", TopicPartition(TOPIC, 3)
    producer = AIOKafkaProducer(bootstrap_servers=kafka)
    await producer.start()
    last = [(await producer.send_and_wait(TOPIC, b"{}", partition=3)).offset for _ in range(10)][-1]
    await producer.stop()
    consumer = AIOKafkaConsumer(bootstrap_servers=kafka, group_id=group, enable_auto_commit=False)
    await consumer.start()
    consumer.assign([place])
    await consumer.commit({place: last - 6})
    await consumer.stop()

    async def found() -> Lag:
        return {(it.topic, it.partition): it for it in await lags(kafka, {group: [TOPIC]})}[place]

    assert await found() == Lag(group, TOPIC, 3, last - 6, last + 1, 7, 0)
    admin = AIOKafkaAdminClient(bootstrap_servers=kafka)
    await admin.start()
    await admin.delete_records({place: RecordsToDelete(before_offset=last - 1)})
    await admin.close()
    assert await found() == Lag(group, TOPIC, 3, last - 6, last + 1, 2, 5)


async def test_a_group_that_never_committed_is_behind_by_everything(kafka):
    await make(kafka, [TOPIC])
    producer = AIOKafkaProducer(bootstrap_servers=kafka)
    await producer.start()
    end = (await producer.send_and_wait(TOPIC, b"{}", partition=5)).offset + 1
    await producer.stop()
    [it] = [it for it in await lags(kafka, {f"reception-{uuid7()}": [TOPIC]}) if it.partition == 5]
    assert (it.committed, it.end, it.lag) == (None, end, end)


async def test_lag_by_command(kafka):
    await apply_topics(kafka)
    told = await careloop_here("lag", "followup", CARELOOP_KAFKA=kafka)
    assert (told.returncode, told.stderr) == (0, "")
    assert told.stdout.splitlines()[-1].startswith("followup is ")
    rows = json.loads((await careloop_here("lag", "followup", "--json", CARELOOP_KAFKA=kafka)).stdout)
    assert {(it["group"], it["partition"]) for it in rows} == {("followup", number) for number in range(12)}
    assert "careloop.inbound.orders" in {it["topic"] for it in rows}
    assert (await careloop_here("lag", "sales", CARELOOP_KAFKA=kafka)).stderr.startswith("There is no service 'sales'")
    told = await careloop_here("lag", "followup", CARELOOP_KAFKA="127.0.0.1:1")
    assert (told.returncode, told.stderr.startswith("No Kafka answers at 127.0.0.1:1")) == (1, True)


@pytest.fixture
async def system(kafka, databases, tmp_path):
    """The environment of a system in which everything is as it must be."""
    await apply_topics(kafka)
    issuer.prepare(tmp_path / "issuer", "http://issuer.test")
    database, neighbour = await databases.migrated("followup"), await databases.migrated("customers")
    (tmp_path / "addresses.json").write_text(json.dumps({"postgres": {"followup": database.dsn, "customers": neighbour.dsn}}))
    return {
        "CARELOOP_DATABASE": database.dsn, "CARELOOP_KAFKA": kafka, "CARELOOP_CONFIG": CONFIG, "CARELOOP_RUN": str(tmp_path),
        "CARELOOP_ISSUER": "http://issuer.test", "CARELOOP_JWKS": str(tmp_path / "issuer" / "jwks.json"),
    }  # fmt: skip


def wrong(told) -> dict[str, str]:
    assert told.stderr == ""
    return {it["what"]: it["message"] for it in json.loads(told.stdout) if not it["good"]}


def test_a_system_that_is_as_it_must_be(system):
    told = careloop("selfcheck", "followup", **system)
    assert (told.returncode, told.stderr) == (0, "")
    assert [line.split()[0] for line in told.stdout.splitlines()] == ["ok"] * 11
    assert "cluster" in told.stdout
    assert told.stdout.splitlines()[-1] == "ok    profiles               9 profiles, 0 calendars, 0 notices."


def test_profiles_with_mistakes(system, tmp_path):
    """The first of them, and how many more there are."""
    (config := tmp_path / "config").mkdir()
    for file in Path(CONFIG).iterdir():
        (config / file.name).write_text(file.read_text())
    (config / "calendars.toml").write_text("calendars = 1\n")
    first = "calendars.toml: calendars is 1: a table belongs here."
    assert wrong(careloop("selfcheck", "followup", "--json", **system | {"CARELOOP_CONFIG": str(config)})) == {"profiles": first}
    (config / "profiles").mkdir()
    (config / "profiles/ninth.toml").write_text('version = 1\nby = "s-1"\nextends = "standard"\n[reception.answering]\nrings = "many"\n')
    found = wrong(careloop("selfcheck", "followup", "--json", **system | {"CARELOOP_CONFIG": str(config)}))
    assert found == {"profiles": f"{first} 2 more: `careloop profiles check` tells them."}


def test_every_issuer_is_asked_for_its_keys(system, tmp_path):
    (config := tmp_path / "config").mkdir()
    for file in Path(CONFIG).iterdir():
        (config / file.name).write_text(file.read_text())
    (config / "issuers.toml").write_text('[issuers.staff]\nissuer = "http://127.0.0.1:1"\n')
    found = wrong(careloop("selfcheck", "followup", "--json", **system | {"CARELOOP_CONFIG": str(config)}))
    where = "http://127.0.0.1:1/.well-known/openid-configuration"
    assert found == {"keys staff": f"The issuer's keys can't be had at {where} (ConnectError); look at issuers.toml."}
    (config / "issuers.toml").write_text('[issuers.staff]\nissuer = "https://id.example"\nroles = 1\n')
    found = wrong(careloop("selfcheck", "followup", "--json", **system | {"CARELOOP_CONFIG": str(config)}))
    assert found.keys() == {"keys"} and f"{config}/issuers.toml can't be used: issuers.staff.roles: there is no such key." in found["keys"]


async def test_a_role_that_may_do_more_than_it_should(system, databases):
    neighbour = json.loads((Path(system["CARELOOP_RUN"]) / "addresses.json").read_text())["postgres"]["customers"]
    admin = await asyncpg.connect(databases.server.admin)
    name = neighbour.rpartition("/")[2]
    await admin.execute(f'GRANT CONNECT ON DATABASE "{name}" TO followup')
    found = wrong(careloop("selfcheck", "followup", "--json", **system))
    assert found == {"role followup": f"It may connect to {name}; REVOKE CONNECT ON DATABASE … FROM PUBLIC."}
    await admin.execute(f'REVOKE CONNECT ON DATABASE "{name}" FROM followup')
    await admin.close()


def test_everything_that_is_away_is_named_and_the_rest_is_still_looked_at(system):
    away = {"CARELOOP_KAFKA": "127.0.0.1:1", "CARELOOP_JWKS": "http://127.0.0.1:1/jwks", "CARELOOP_CONFIG": "/nowhere"}
    told = careloop("selfcheck", "followup", "--json", **system | away)
    assert told.returncode == 1
    found = wrong(told)
    assert found.keys() == {"kafka", "keys", "sources", "units"}
    assert found["kafka"].startswith("No Kafka answers at 127.0.0.1:1")
    assert found["keys"].startswith("The issuer's keys can't be had at http://127.0.0.1:1/jwks (ConnectError)")
    told = careloop("selfcheck", "followup", "--json", **system | {"CARELOOP_DATABASE": "postgresql://f:secret@127.0.0.1:1/f"})
    assert wrong(told).keys() == {"database followup"}
    assert "secret" not in told.stdout


async def test_settings_are_shown_without_passwords(tmp_path):
    (tmp_path / "careloop_sms").write_text("http://sms.test/messages")
    told = await careloop_here(
        "config", "show", "followup", "--json", CARELOOP_DATABASE="postgresql://followup:p:4/x@db.test:5432/followup",
        CARELOOP_SMTP="smtp://sender:hush@mail.test:25", CARELOOP_SECRETS=str(tmp_path), CARELOOP_SLOT="3",
    )  # fmt: skip
    assert (told.returncode, told.stderr) == (0, "")
    shown = {it["name"]: (it["value"], it["from"]) for it in json.loads(told.stdout)}
    assert shown["CARELOOP_DATABASE"] == ("postgresql://followup:***@db.test:5432/followup", "environment")
    assert shown["CARELOOP_SMTP"] == ("smtp://sender:***@mail.test:25", "environment")
    assert shown["CARELOOP_SMS"] == ("http://sms.test/messages", "file")
    assert (shown["CARELOOP_SLOT"], shown["CARELOOP_PORT"]) == (("3", "environment"), ("8080", "default"))
    table = await careloop_here("config", "show", "followup", CARELOOP_SMTP="smtp://sender:hush@mail.test:25")
    assert "CARELOOP_SMTP" in table.stdout
    assert "hush" not in table.stdout


async def test_settings_that_cannot_be_are_one_sentence():
    told = await careloop_here("config", "show", CARELOOP_PORT="many")
    assert (told.returncode, told.stdout) == (1, "")
    assert told.stderr.startswith("CARELOOP_PORT: ")
