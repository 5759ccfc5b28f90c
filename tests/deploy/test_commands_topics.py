"""`careloop topics`: the broker's topics become what the catalogue says, and nothing is ever lost by that."""

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta

import pytest
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType

import deploy.topics
from deploy.broker import BrokerRefuses
from deploy.topics import Difference, Found, apply_topics, compare, copies_wanted, differences
from shared.errors import Invalid
from shared.ids import uuid7
from shared.topics import TOPICS, Topic
from tests.deploy.cli import careloop


def a_topic(name: str | None = None, **facts: object) -> Topic:
    topic = Topic(
        name=name or f"test.{uuid7()}",
        key="customer id",
        owner="customers",
        partitions=2,
        kind="log",
        retention=timedelta(days=14),
        personal=False,
        writers=frozenset(),
    )
    return replace(topic, **facts)


@pytest.fixture
def catalogue(monkeypatch):
    """A catalogue of the test's own."""

    def is_now(*topics: Topic) -> None:
        monkeypatch.setattr(deploy.topics, "TOPICS", {topic.name: topic for topic in topics})

    return is_now


@pytest.fixture
async def admin(kafka: str) -> AsyncIterator[AIOKafkaAdminClient]:
    admin = AIOKafkaAdminClient(bootstrap_servers=kafka)
    await admin.start()
    yield admin
    await admin.close()


async def settings(admin: AIOKafkaAdminClient, name: str) -> dict[str, str]:
    [answer] = await admin.describe_configs([ConfigResource(ConfigResourceType.TOPIC, name)])
    return {key: value for key, value, _, source, *_ in answer.resources[0][4] if source == 1}


async def test_what_is_missing_is_made_and_then_nothing_differs(kafka, catalogue):
    log, compacted = a_topic(), a_topic(kind="compacted", personal=True)
    catalogue(log, compacted)
    assert {(it.topic, it.what, it.remedy) for it in await differences(kafka)} == {
        (log.name, "topic", "apply"),
        (compacted.name, "topic", "apply"),
    }
    done, left = await apply_topics(kafka)
    assert ({it.topic for it in done}, left) == ({log.name, compacted.name}, [])
    assert await differences(kafka) == []


async def test_personal_data_that_was_erased_leaves_the_log_within_a_day(kafka, catalogue, admin):
    topic = a_topic(kind="compacted", personal=True)
    catalogue(topic)
    await apply_topics(kafka)
    hour = 3_600_000
    found = {name: int(value) for name, value in (await settings(admin, topic.name)).items() if value.isdecimal()}
    assert found["max.compaction.lag.ms"] <= 24 * hour
    assert found["segment.ms"] <= hour
    assert found["delete.retention.ms"] >= 7 * 24 * hour


async def test_settings_that_differ_are_changed_and_others_stay(kafka, catalogue, admin):
    topic = a_topic()
    catalogue(topic)
    await apply_topics(kafka)
    await admin.alter_configs(
        [ConfigResource(ConfigResourceType.TOPIC, topic.name, {"retention.ms": "1000", "max.message.bytes": "2000000"})]
    )
    differ = {it.what: (it.found, it.wanted) for it in await differences(kafka)}
    assert differ == {"retention.ms": ("1000", str(14 * 24 * 3_600_000)), "cleanup.policy": (None, "delete")}
    done, left = await apply_topics(kafka)
    assert (len(done), left) == (2, [])
    assert (await settings(admin, topic.name))["max.message.bytes"] == "2000000"


async def test_a_topic_grows_only_when_that_is_accepted_and_never_shrinks(kafka, catalogue):
    topic = a_topic()
    catalogue(topic)
    await apply_topics(kafka)
    catalogue(replace(topic, partitions=5))
    grown = Difference(topic.name, "partitions", "5", "2", "accept")
    assert await apply_topics(kafka) == ([], [grown])
    assert await apply_topics(kafka, accept_key_reshuffle=True) == ([grown], [])
    catalogue(topic)
    assert await apply_topics(kafka, accept_key_reshuffle=True) == ([], [])
    catalogue(replace(topic, partitions=5))
    assert await differences(kafka) == []


async def test_a_topic_that_left_the_catalogue_stays(kafka, catalogue, admin):
    gone, kept = a_topic(), a_topic()
    catalogue(gone, kept)
    await apply_topics(kafka)
    catalogue(kept)
    await apply_topics(kafka)
    assert gone.name in await admin.list_topics()


async def test_two_at_once_do_no_harm(kafka, catalogue):
    catalogue(*(a_topic() for _ in range(5)))
    both = await asyncio.gather(apply_topics(kafka), apply_topics(kafka))
    assert [left for _, left in both] == [[], []]


def test_copies_are_three_or_as_many_as_there_are_brokers(monkeypatch):
    monkeypatch.delenv("CARELOOP_REPLICATION", raising=False)
    assert [copies_wanted(brokers) for brokers in (1, 2, 3, 5)] == [1, 2, 3, 3]
    monkeypatch.setenv("CARELOOP_REPLICATION", "2")
    assert copies_wanted(5) == 2
    monkeypatch.setenv("CARELOOP_REPLICATION", "many")
    with pytest.raises(Invalid, match="CARELOOP_REPLICATION is 'many'"):
        copies_wanted(5)


def test_with_three_copies_two_have_to_have_a_record():
    topic = a_topic()
    thin = Found(topic.partitions, 1, topic.settings)
    assert [(it.what, it.remedy) for it in compare([topic], {topic.name: thin}, copies=3)] == [("replication", "person")]
    full = Found(topic.partitions, 3, topic.settings)
    assert [(it.what, it.wanted) for it in compare([topic], {topic.name: full}, copies=3)] == [("min.insync.replicas", "2")]


async def test_more_copies_than_brokers_is_said(kafka, catalogue, monkeypatch):
    monkeypatch.setenv("CARELOOP_REPLICATION", "3")
    catalogue(a_topic())
    with pytest.raises(BrokerRefuses, match="CARELOOP_REPLICATION"):
        await apply_topics(kafka)


async def test_the_command_makes_the_real_catalogue(kafka):
    made = careloop("topics", "apply", CARELOOP_KAFKA=kafka)
    assert (made.returncode, made.stderr) == (0, "")
    assert made.stdout.splitlines()[-1] == "The broker's topics are as the catalogue says."
    assert careloop("topics", "diff", CARELOOP_KAFKA=kafka).returncode == 0
    assert json.loads(careloop("topics", "apply", "--json", CARELOOP_KAFKA=kafka).stdout) == {"done": [], "left": []}


def test_no_broker_is_one_sentence():
    told = careloop("topics", "diff", CARELOOP_KAFKA="127.0.0.1:1")
    assert (told.returncode, told.stdout) == (1, "")
    assert told.stderr == "No Kafka answers at 127.0.0.1:1; `make run` starts one, CARELOOP_KAFKA names another.\n"


def test_the_catalogue_is_that_of_the_documentation():
    assert len(TOPICS) == 12
    assert {name for name, topic in TOPICS.items() if topic.personal} == {
        "careloop.inbound.customers", "careloop.inbound.staff", "careloop.inbound.calls", "careloop.contacts", "careloop.notes",
    }  # fmt: skip
