"""The catalogue of topics, read from `topics.toml`: name, key, partitions, retention, compaction, personal data, owner."""

import tomllib
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from pydantic import TypeAdapter

SERVICES = ("customers", "complaints", "followup", "reception")
INBOUND = "careloop.inbound."
HOUR = 3_600_000


@dataclass(frozen=True, slots=True)
class Topic:
    name: str
    key: str
    owner: str
    partitions: int
    kind: str
    retention: timedelta
    personal: bool
    writers: frozenset[str]

    @property
    def inbound(self) -> bool:
        """Written by other systems: what is wrong there is told to its publisher."""
        return self.name.startswith(INBOUND)

    @property
    def compacted(self) -> bool:
        return self.kind == "compacted"

    @property
    def settings(self) -> dict[str, str]:
        """As the broker wants them. Erased personal data is out of a compacted log within a day, its tombstone stays for a week."""
        if not self.compacted:
            return {"cleanup.policy": "delete", "retention.ms": str(int(self.retention.total_seconds() * 1000))}
        settings = {"cleanup.policy": "compact", "delete.retention.ms": str(7 * 24 * HOUR)}
        if self.personal:
            settings |= {"max.compaction.lag.ms": str(24 * HOUR), "segment.ms": str(HOUR)}
        return settings


def catalogue(text: str) -> dict[str, Topic]:
    told = tomllib.loads(text)
    topics = {}
    for name, facts in told["topics"].items():
        facts = told["defaults"] | facts
        facts["retention"] = TypeAdapter(timedelta).validate_python(facts["retention"])
        topics[name] = Topic(name=name, **facts | {"writers": frozenset(facts["writers"])})
    return topics


TOPICS = catalogue((Path(__file__).parent / "topics.toml").read_text(encoding="utf-8"))


def source_of(service: str) -> str:
    """How a service names itself as the source of events."""
    return f"/careloop/{service}"


OURS = {source_of(service): frozenset(name for name, topic in TOPICS.items() if service in topic.writers) for service in SERVICES}
