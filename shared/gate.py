"""Reads what arrives: what it says and who reacts to it, or why it can't be handled here.

What is wrong with a record itself is the business of the topic's owner, who parks it and tells its publisher; every other reader passes over it.
"""

import traceback
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

import asyncpg

from shared import envelope, inbox
from shared.contracts import Event
from shared.contracts.registry import INBOUND_TYPES
from shared.envelope import Envelope, Unreadable
from shared.errors import Unacceptable
from shared.outbox import Cause
from shared.parked import Trouble
from shared.reactions import Listener, Need, Reaction
from shared.sources import Sources
from shared.topics import TOPICS, Topic


class Origin(NamedTuple):
    """Where an event came from; a circumstance that a reaction may ask for."""

    source: str | None
    id: str | None
    unit: str | None  # of the event, otherwise of its source
    partition: int
    offset: int
    cause: Cause
    time: datetime | None = None  # when it happened, as its envelope says

    @property
    def place(self) -> tuple[int, int]:
        """Of two records of one key the later one holds."""
        return self.partition, self.offset


@dataclass(slots=True, eq=False)
class Delivery:
    """One record on its way."""

    record: Any
    envelope: Envelope
    origin: Origin
    inbox_id: UUID | None = None
    event: Event | None = None
    reactions: Sequence[Reaction] = ()
    keys: dict[Need, Any] = field(
        default_factory=dict
    )  # what the event alone tells, asked once: by reading, by folding, by several reactions
    trouble: Trouble | None = None
    outcome: str = "ok"
    parked_id: UUID | None = None  # it is a replay of this one

    def key(self, need: Need, found: Mapping[str, Any]) -> Any:
        """By what this need is found."""
        assert self.event
        if need.asks:
            return need.key(self.event, found)
        if need not in self.keys:
            self.keys[need] = need.tell(self.event)
        return self.keys[need]


UNTOLD, UNKNOWN = Envelope(), Origin(None, None, None, -1, -1, Cause())  # until more was read


def together(topic: str, listeners: Sequence[Listener]) -> Listener:
    """Several files of a service may listen to one topic, each for a capability of its own."""
    of_topic = [it for it in listeners if it.topic == topic]
    if len(of_topic) == 1:
        return of_topic[0]
    joined = Listener(topic)
    for it in of_topic:
        joined.withdrawal = joined.withdrawal or it.withdrawal
        joined.contracts |= it.contracts
        for contract, reactions in it.reactions.items():
            joined.reactions.setdefault(contract, []).extend(reactions)
    return joined


class Gate:
    """The door of one service."""

    def __init__(self, service: str, listeners: Sequence[Listener], sources: Sources, clock: Callable[[], datetime]) -> None:
        self.service, self.sources, self.clock = service, sources, clock
        self.listeners = {topic: together(topic, listeners) for topic in {listener.topic for listener in listeners}}
        self.owned = {name for name, topic in TOPICS.items() if topic.owner == service}

    @property
    def topics(self) -> list[str]:
        """What the service reads: what it reacts to and what it owns."""
        return sorted(self.listeners.keys() | self.owned)

    def read(self, record: Any, *, parked_id: UUID | None = None) -> Delivery:
        """Never raises. A delivery whose outcome is `skipped` is nobody's business here."""
        it = Delivery(record, UNTOLD, UNKNOWN, parked_id=parked_id)
        try:
            self.fill(it, TOPICS[record.topic])
        except Unreadable as error:
            it.envelope = error.envelope
            it.trouble = Trouble(error.code, str(error), error.pointer)
        except Exception as error:
            it.trouble = ours(error)
        if it.trouble:
            source, id = it.envelope.source, it.envelope.id
            it.inbox_id = inbox.key_of(source, id) if source and id else None
            if not it.trouble.ours and record.topic not in self.owned and not self.depends_on_our_clock(it):
                it.outcome, it.trouble = "skipped", None
        return it

    def depends_on_our_clock(self, it: Delivery) -> bool:
        """Where its owner's clock goes otherwise, nobody else would keep what we react to: it is parked here too, and told by its owner alone."""
        listener = self.listeners.get(it.record.topic)
        return bool(it.trouble and it.trouble.code == "future_time" and listener and it.envelope.type in listener.contracts)

    def fill(self, it: Delivery, topic: Topic) -> None:
        record = it.record
        listener = self.listeners.get(topic.name)
        if record.value is None and topic.compacted:
            contract = listener.withdrawal if listener else None
            it.envelope = envelope.of_tombstone(record)
            if it.envelope.source:
                self.admit(it.envelope, topic)
            if contract is None:
                if topic.inbound and topic.name in self.owned:
                    raise Unreadable("null_value", "A null value means nothing on this topic.", None, it.envelope)
                it.outcome = "skipped"
                return
            it.event = self.tombstone(it, contract)
            it.inbox_id = inbox.key_of(topic.name, f"{record.partition}/{record.offset}")
            it.envelope = it.envelope.of_type(contract.name)
        else:
            it.envelope, body = envelope.read(record, now=self.clock(), largest=envelope.LARGEST if topic.inbound else None)
            self.admit(it.envelope, topic)
            contract = self.contract(it.envelope, topic, listener)
            if contract is None:
                it.outcome = "skipped"
                return
            it.event = envelope.event_of(contract, body, it.envelope)
            envelope.check_moment(it.event, it.envelope, now=self.clock())
            it.inbox_id = inbox.key_of(it.envelope.source or "", it.envelope.id or "")
        it.reactions = listener.reactions.get(contract, ()) if listener else ()
        told, source = it.envelope, self.sources.known.get(it.envelope.source or "")
        unit = told.unit or (source.unit if source else None)
        it.origin = Origin(
            told.source, told.id, unit, record.partition, record.offset, Cause(told.correlation or told.id, told.trace), told.time
        )

    def admit(self, told: Envelope, topic: Topic) -> None:
        source = self.sources.known.get(told.source or "")
        if source is None:
            raise Unreadable("unknown_source", "ce_source is not registered: ask the operators to add it to sources.toml.", None, told)
        if topic.name not in source.topics:
            raise Unreadable("wrong_topic", f"This source may not publish on {topic.name}.", None, told)

    def contract(self, told: Envelope, topic: Topic, listener: Listener | None) -> type[Event] | None:
        """What this service wants to read of it. On our own topics old and new versions run side by side: the unknown is passed over."""
        if not topic.inbound:
            return listener.contracts.get(told.type or "") if listener else None
        contract = INBOUND_TYPES.get(told.type or "")
        if contract is None:
            raise Unreadable("unknown_type", "ce_type is not a type that this version knows.", None, told)
        if contract.topic != topic.name:
            raise Unreadable("wrong_topic", f"Events of this type belong on {contract.topic}.", None, told)
        wanted = topic.name in self.owned or (listener is not None and contract in listener.reactions)
        return contract if wanted else None

    def tombstone(self, it: Delivery, contract: type[Event]) -> Event:
        try:
            return contract.from_key(it.record.key.decode())
        except (AttributeError, UnicodeDecodeError, ValueError) as error:
            raise Unreadable(
                "unreadable", f"The key of a null value says who: the {TOPICS[it.record.topic].key}.", None, it.envelope
            ) from error


def ours(error: Exception) -> Trouble:
    """A fault of ours in words that carry no value of the record: what kind, and where."""
    if isinstance(error, asyncpg.PostgresError):
        facts = [fact for fact in (error.constraint_name, error.table_name, error.column_name) if fact]
        return Trouble("constraint", f"{type(error).__name__}: {', '.join(facts) or error.sqlstate}", ours=True)
    frames = traceback.extract_tb(error.__traceback__)
    where = f" at {frames[-1].filename.rsplit('/', 1)[-1]}:{frames[-1].lineno}" if frames else ""
    return Trouble("handler", f"{type(error).__name__}{where}", ours=True)


def trouble_of(error: Exception) -> Trouble:
    """What a reaction's exception means for its record."""
    if isinstance(error, Unacceptable):
        return Trouble(error.code, str(error), error.field, forget=error.forget)
    return ours(error)
