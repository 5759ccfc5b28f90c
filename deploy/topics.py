"""Brings the broker's topics to what the catalogue says, and tells what differs.

Nothing is ever deleted and no topic shrinks. Settings that the catalogue does not name stay as somebody set them.
"""

import asyncio
import os
from collections.abc import Iterable
from dataclasses import dataclass
from time import monotonic
from typing import Any, Literal

from aiokafka.admin import AIOKafkaAdminClient, NewPartitions, NewTopic
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType

from deploy.broker import BrokerRefuses, administrator
from shared.errors import Invalid
from shared.topics import TOPICS, Topic

COPIES = 3  # where there are as many brokers
SET_BY_SOMEBODY = 1  # the source of a setting that was made on the topic itself, in Kafka's protocol
ALREADY_THERE = 36
SEEN = 15.0  # seconds until the brokers agree on what was done

Remedy = Literal["apply", "accept", "person"]


@dataclass(frozen=True, slots=True)
class Difference:
    """`remedy`: done by apply, by apply when the new places of keys are accepted, or by a person with Kafka's own tools."""

    topic: str
    what: str
    wanted: str
    found: str | None
    remedy: Remedy


@dataclass(frozen=True, slots=True)
class Found:
    """A topic as the broker has it."""

    partitions: int
    copies: int
    settings: dict[str, str]  # those that were made on it


def copies_wanted(brokers: int) -> int:
    """CARELOOP_REPLICATION, otherwise three, or as many as there are brokers."""
    told = os.environ.get("CARELOOP_REPLICATION")
    if not told:
        return min(COPIES, brokers)
    if not told.isdecimal() or int(told) < 1:
        raise Invalid(f"CARELOOP_REPLICATION is {told!r}; it is the number of copies of every record, 1 or more.")
    return int(told)


def settings_of(topic: Topic, copies: int) -> dict[str, str]:
    """With three copies a record is safe when two brokers have it, and one may be away."""
    return topic.settings | ({"min.insync.replicas": "2"} if copies >= COPIES else {})


async def find(admin: AIOKafkaAdminClient) -> tuple[dict[str, Found], int]:
    """The topics of the catalogue that exist, and how many copies each should have."""
    described = {it["topic"]: it["partitions"] for it in await admin.describe_topics() if it["topic"] in TOPICS}
    brokers = len((await admin.describe_cluster())["brokers"])
    settings = await settings_on(admin, described)
    found = {
        name: Found(len(partitions), min(len(it["replicas"]) for it in partitions), settings[name])
        for name, partitions in described.items()
    }
    return found, copies_wanted(brokers)


async def settings_on(admin: AIOKafkaAdminClient, names: Iterable[str]) -> dict[str, dict[str, str]]:
    resources = [ConfigResource(ConfigResourceType.TOPIC, name) for name in names]
    answers = await admin.describe_configs(resources) if resources else []
    settings: dict[str, dict[str, str]] = {}
    for code, message, _, name, entries in (resource for answer in answers for resource in answer.resources):
        if code:
            raise BrokerRefuses(f"Kafka does not show the settings of {name}: {message or code}.")
        settings[name] = {key: value for key, value, _, source, *_ in entries if source == SET_BY_SOMEBODY}
    return settings


def compare(topics: Iterable[Topic], found: dict[str, Found], copies: int) -> list[Difference]:
    differences: list[Difference] = []
    for topic in topics:
        it = found.get(topic.name)
        if it is None:
            differences.append(Difference(topic.name, "topic", f"{topic.partitions} partitions", None, "apply"))
            continue
        if it.partitions < topic.partitions:
            differences.append(Difference(topic.name, "partitions", str(topic.partitions), str(it.partitions), "accept"))
        if it.copies < copies:
            differences.append(Difference(topic.name, "replication", str(copies), str(it.copies), "person"))
        for name, value in settings_of(topic, it.copies).items():
            if it.settings.get(name) != value:
                differences.append(Difference(topic.name, name, value, it.settings.get(name), "apply"))
    return differences


async def differences(bootstrap: str) -> list[Difference]:
    """Empty when the broker has what the catalogue says; a topic with more partitions or copies is no difference."""
    async with administrator(bootstrap) as admin:
        return compare(TOPICS.values(), *await find(admin))


async def apply_topics(bootstrap: str, *, accept_key_reshuffle: bool = False) -> tuple[list[Difference], list[Difference]]:
    """What was done, and what differs still. Two at once do no harm."""
    async with administrator(bootstrap) as admin:
        found, copies = await find(admin)
        before = compare(TOPICS.values(), found, copies)
        todo = [it for it in before if it.remedy == "apply" or (it.remedy == "accept" and accept_key_reshuffle)]
        await create(admin, [TOPICS[it.topic] for it in todo if it.what == "topic"], copies)
        await alter(admin, {it.topic for it in todo if it.what != "topic" and it.remedy == "apply"}, found)
        await grow(admin, {it.topic: int(it.wanted) for it in todo if it.remedy == "accept"})
        patience = monotonic() + SEEN
        while True:
            after = compare(TOPICS.values(), *await find(admin))
            if not set(after) & set(todo) or monotonic() > patience:
                return [it for it in todo if it not in after], after
            await asyncio.sleep(0.1)


async def create(admin: AIOKafkaAdminClient, topics: list[Topic], copies: int) -> None:
    if topics:
        new = [NewTopic(it.name, it.partitions, copies, topic_configs=settings_of(it, copies)) for it in topics]
        answer: Any = await admin.create_topics(new)
        for name, code, message in answer.topic_errors:
            if code not in (0, ALREADY_THERE):
                raise BrokerRefuses(f"Kafka does not make {name}: {message or code} CARELOOP_REPLICATION says how many copies are wanted.")


async def alter(admin: AIOKafkaAdminClient, names: set[str], found: dict[str, Found]) -> None:
    """All settings of the topic at once, for this request of Kafka's forgets those that it does not name."""
    if names:
        wanted = {name: found[name].settings | settings_of(TOPICS[name], found[name].copies) for name in sorted(names)}
        answers: Any = await admin.alter_configs(
            [ConfigResource(ConfigResourceType.TOPIC, name, settings) for name, settings in wanted.items()]
        )
        for code, message, _, name in (resource for answer in answers for resource in answer.resources):
            if code:
                raise BrokerRefuses(f"Kafka does not change {name}: {message or code}")


async def grow(admin: AIOKafkaAdminClient, partitions: dict[str, int]) -> None:
    if partitions:
        await admin.create_partitions({name: NewPartitions(count) for name, count in partitions.items()})
