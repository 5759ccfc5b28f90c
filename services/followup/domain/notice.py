"""A notice tells a customer one thing, once. A row stands for every thing that was to be told, whatever became of it.

Until it is on its way to a gateway its state is computed from the facts: of several about one shipment only the newest is worth sending, none is
once the goods are there, and news older than the profile's age is registered and not told.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from enum import StrEnum
from typing import Any, ClassVar
from uuid import UUID

from sqlalchemy import Column, Index, Integer, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field

from services.followup.domain import Memory
from services.followup.domain.contact import Contact
from services.followup.domain.fulfilment import Fulfilment, iso
from services.followup.domain.news import Kind, News, news_of
from services.followup.domain.policy import Policy, Trade
from shared.contracts import Event
from shared.contracts.followup import NoticeCalledOff, NoticePlanned, NoticeSkipped, NoticeSuperseded
from shared.entities import Timestamp, codes
from shared.outcome import Gone, Outcome


class State(StrEnum):
    PLANNED = "planned"
    AWAITING_CONTACT = "awaiting_contact"
    HELD = "held"  # quiet hours; `due_at` says until when
    SENDING = "sending"
    SENT = "sent"
    DELIVERED = "delivered"
    FAILED = "failed"
    SUPERSEDED = "superseded"
    CALLED_OFF = "called_off"
    SKIPPED = "skipped"


WAITING = frozenset((State.PLANNED, State.AWAITING_CONTACT, State.HELD))
UNTOLD = WAITING | {State.SUPERSEDED, State.CALLED_OFF, State.SKIPPED}
NO_CONTACT = "no contact yet"
NO_NEWS = "no news"
ERASED = "erased"
DUE = "state IN ('planned', 'held', 'sending')"
version = Column("version", Integer, nullable=False)


class Notice(Memory, table=True):
    __table_args__ = (
        Index("notice_due", "due_at", postgresql_where=text(DUE)),
        Index("notice_awaiting", "reference", postgresql_where=text("state IN ('awaiting_contact', 'held')")),
        Index("notice_fulfilment", "fulfilment_id"),
        Index("notice_reference", "reference"),
        Index("notice_customer", "customer_id", "planned_at", "id"),
        Index("notice_order", "order_id", "planned_at", "id"),
        Index("notice_shipment", "shipment_id", "planned_at", "id"),
        Index("notice_state", "state", "planned_at", "id"),
        Index("notice_source", "source", "kind", "planned_at", "id"),
        Index("notice_planned", "planned_at", "id"),
        Index("notice_failed", "id", postgresql_where=text("state = 'failed' AND NOT asked")),
        Index("notice_waiting", "unit", "due_at", "id", postgresql_where=text("state = 'awaiting_contact' AND NOT asked")),
        Index("notice_told", "id", postgresql_where=text("asked AND state NOT IN ('failed', 'awaiting_contact')")),
    )
    __mapper_args__: ClassVar[dict[str, Any]] = {"version_id_col": version}

    id: UUID = Field(primary_key=True)  # made of what it says: the same said twice is one notice
    kind: Kind = Field(sa_type=codes(Kind))
    source: str
    fulfilment_id: UUID
    order_id: str
    shipment_id: str | None = None
    reference: str  # of the customer, as the order says it ...
    customer_id: UUID  # ... and as we do
    unit: str
    state: State = Field(default=State.PLANNED, sa_type=codes(State))
    reason: str | None = None
    news_at: datetime = Field(sa_type=Timestamp)
    due_at: datetime = Field(sa_type=Timestamp)  # when it is to leave, or is looked at again
    sent_at: datetime | None = Field(default=None, sa_type=Timestamp)
    planned_at: datetime = Field(sa_type=Timestamp)
    facts: dict[str, Any] = Field(sa_type=JSONB)
    subject: str | None = None  # as sent: frozen with the first attempt, so that no gateway sees two texts under one key
    text: str | None = None
    correlation: str | None = None  # what it came of, carried along to all that is announced of it
    trace: str | None = None
    deliveries: list[dict[str, Any]] = Field(default_factory=list, sa_type=JSONB)
    asked: bool = False  # somebody was asked to tell the customer by another way: a job keeps it in line
    version: int = Field(default=1, sa_column=version)

    @property
    def waits(self) -> bool:
        return self.state in WAITING

    def turn(self, state: State, reason: str | None, at: datetime) -> list[Event]:
        """A new state, and how it is told."""
        if (self.state, self.reason) == (state, reason):
            return []
        changed, self.state, self.reason, self.due_at = self.state is not state, state, reason, at
        return [self.announced()] if changed else []

    def forget(self, at: datetime) -> list[Event]:
        """The customer is erased: nobody tells them anything any more, and in which words and where to they were told is gone."""
        told = self.turn(State.SKIPPED, ERASED, at) if self.waits else []
        self.subject = self.text = None
        self.deliveries = [{name: it[name] for name in it.keys() - {"to"}} | {"provider_id": None} for it in self.deliveries]
        return told

    def announced(self) -> Event:
        who = self.names()
        match self.state:
            case State.SUPERSEDED:
                return NoticeSuperseded(**who)
            case State.CALLED_OFF:
                return NoticeCalledOff(**who, reason=self.reason or "")
            case State.SKIPPED:
                return NoticeSkipped(**who, reason=self.reason or "")
            case _:
                return NoticePlanned(**who, due_at=self.due_at)

    def names(self) -> dict[str, Any]:
        return {
            "notice_id": self.id, "customer_id": self.customer_id, "kind": self.kind.value, "order_id": self.order_id,
            "shipment_id": self.shipment_id, "unit": self.unit,
        }  # fmt: skip


def tell(
    order: Fulfilment,
    known: Sequence[Notice],
    contact: Contact,
    *,
    trade: Trade,
    at: datetime,
    correlation: str | None = None,
    trace: str | None = None,
) -> Outcome:
    """Bring the notices of an order in line with what is known of it.  ORDR-05, ORDR-06, ORDR-07"""
    unit = trade.units.name_of(order.unit, contact.unit)
    policy = trade.policy(unit)
    wanted = news_of(order, policy, trade.unit(unit))
    notices = {notice.id: notice for notice in known}
    outcome: Outcome = []
    for news, verdict in judged(wanted, order, policy, at):
        if verdict is None and contact.erased:
            verdict = State.SKIPPED, ERASED
        notice = notices.pop(news.id, None)
        if notice is None and any(has_told(it, news) for it in known):
            continue
        if notice is None:
            notice = planned(news, order, contact, unit, at, correlation, trace)
            outcome.append(notice)
            outcome += follow(notice, verdict, contact, at) or [notice.announced()]
        elif notice.state in UNTOLD:
            refresh(notice, news)
            outcome += follow(notice, verdict, contact, at)
    return outcome + [it for notice in notices.values() if notice.state in UNTOLD for it in withdrawn(notice)]


def has_told(notice: Notice, news: News) -> bool:
    """Late news counts anew what was said how often; what was told for this very saying is told."""
    about = notice.kind is news.kind and notice.shipment_id == news.shipment_id
    return (
        about
        and notice.state not in UNTOLD
        and iso(notice.news_at) in news.moments
        and notice.facts.get("until") == news.facts.get("until")
    )


Verdict = tuple[State, str | None] | None  # None: it is to be told


def judged(wanted: Sequence[News], order: Fulfilment, policy: Policy, at: datetime) -> Iterable[tuple[News, Verdict]]:
    newest: Mapping[str, News] = {news.about: news for news in wanted}  # sorted: the last one of a thing is its newest
    for news in wanted:
        if news.kind is not Kind.DELIVERED and order.has_arrived(news.shipment_id):
            yield news, (State.CALLED_OFF, "delivered")
        elif newest[news.about].rank > news.rank:
            yield news, (State.SUPERSEDED, None)
        elif is_old(news.at, policy, at):
            yield news, (State.SKIPPED, "too old")
        else:
            yield news, None


def is_old(news_at: datetime, policy: Policy, at: datetime) -> bool:
    return at - news_at > policy.age


def follow(notice: Notice, verdict: Verdict, contact: Contact, at: datetime) -> list[Event]:
    """The state that follows from the facts. What waits already goes on waiting."""
    if verdict is not None:
        return notice.turn(*verdict, at)
    if contact.reachable and (notice.state is State.AWAITING_CONTACT or not notice.waits):
        return notice.turn(State.PLANNED, None, at)
    return [] if notice.waits else notice.turn(State.AWAITING_CONTACT, NO_CONTACT, at)


def planned(
    news: News, order: Fulfilment, contact: Contact, unit: str, at: datetime, correlation: str | None = None, trace: str | None = None
) -> Notice:
    reachable = contact.reachable
    return Notice(
        id=news.id, kind=news.kind, source=news.source, fulfilment_id=order.id, order_id=order.order_id, shipment_id=news.shipment_id,
        reference=order.reference, customer_id=contact.customer_id, unit=unit, news_at=news.at, due_at=at, planned_at=at, facts=news.facts,
        state=State.PLANNED if reachable else State.AWAITING_CONTACT, reason=None if reachable else NO_CONTACT, correlation=correlation, trace=trace,
    )  # fmt: skip


def refresh(notice: Notice, news: News) -> None:
    """An earlier telling of the same may come late."""
    if (notice.news_at, notice.facts, notice.source) != (news.at, news.facts, news.source):
        notice.news_at, notice.facts, notice.source = news.at, news.facts, news.source


def withdrawn(notice: Notice) -> Outcome:
    """What came late shows that there was nothing to tell. Where somebody was asked to tell it, the notice stays to say that it is over."""
    announced = notice.waits
    if notice.reason != NO_NEWS:
        notice.state, notice.reason = State.CALLED_OFF, NO_NEWS
    return [*([] if notice.asked else [Gone(notice)]), *([notice.announced()] if announced else [])]
