"""What is worth telling of an order: computed from its facts, the same in whatever order they arrived.

A shipment is told as shipped once. A delay is news when its date differs from the date in force just before its own moment: first that of the
earliest `order.shipped`, then that of each delay; neighbours with the same date are one. So a date that moves back is told and a repeat is not.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, NamedTuple
from uuid import UUID

from services.followup.domain.fulfilment import Fact, Fulfilment, delays_of, end_of, order_of, when
from services.followup.domain.policy import Policy
from shared.ids import made_of
from shared.units import Unit


class Kind(StrEnum):
    SHIPPED = "shipped"
    DELAYED = "delayed"
    EXCEPTED = "excepted"
    PROGRESSED = "progressed"
    DELIVERED = "delivered"


class News(NamedTuple):
    """One thing that a customer is told, once."""

    id: UUID
    kind: Kind
    shipment_id: str | None  # None: it is about the order
    rank: tuple[Any, ...]  # of two about the same thing the higher one is the newer
    at: datetime  # its business moment
    source: str
    facts: Fact  # what the message says
    moments: frozenset[str]  # of all that say the same, one behind the other

    @property
    def about(self) -> str:
        return self.shipment_id or ""


def news_of(order: Fulfilment, policy: Policy, unit: Unit) -> list[News]:
    """Everything worth telling, the older first."""
    found: list[News] = []
    for shipment, facts in sorted(order.shipments.items()):
        found += of_shipment(order, shipment, facts, unit)
    if "progress" in order.facts:
        found += of_production(order, policy)
    if (arrived := order.facts.get("delivered")) is not None:
        found.append(news(order, Kind.DELIVERED, None, arrived, (2,)))
    return sorted((it for it in found if it.kind in policy.told), key=lambda it: (it.about, it.rank))


def of_shipment(order: Fulfilment, shipment: str, facts: Fact, unit: Unit) -> Iterator[News]:
    shipped = facts.get("shipped")
    if shipped:
        yield news(order, Kind.SHIPPED, shipment, shipped, (0,))
    if "troubles" in facts:
        yield from of_troubles(order, shipment, facts, unit)
    if (arrived := facts.get("delivered")) is not None:
        yield news(order, Kind.DELIVERED, shipment, arrived, (2,))


def of_troubles(order: Fulfilment, shipment: str, facts: Fact, unit: Unit) -> Iterator[News]:
    shipped = facts.get("shipped")
    known = {name: value for name, value in (shipped or {}).items() if name in ("carrier", "tracking_number", "tracking_url")}
    delays = delays_of(facts, unit)
    in_force = end_of(shipped, unit) if shipped and shipped["until"] else NOTHING
    for number, run in enumerate(runs(delays, lambda fact: end_of(fact, unit))):
        if number or run.value != in_force:
            yield news(
                order, Kind.DELAYED, shipment, run.first, (1, run.first["at"], Kind.DELAYED, number), run.value, run.nth, run=run, **known
            )
    excepted = [fact for fact in facts["troubles"] if fact["kind"] == "excepted"]
    for number, run in enumerate(runs(excepted, lambda fact: (fact["reason"], end_of(fact, unit)))):
        until = run.first["until"] or expected(shipped, delays, run.first["at"])
        rank = (1, run.first["at"], Kind.EXCEPTED, number)
        yield news(order, Kind.EXCEPTED, shipment, run.first, rank, run.value, run.nth, run=run, **known | {"until": until})


def of_production(order: Fulfilment, policy: Policy) -> Iterator[News]:
    """The milestones that the profile names, each once, and an expected completion that moved.  ORDR-05"""
    facts = sorted(order.facts["progress"], key=order_of)
    told = set()
    for milestone in policy.milestones:
        if reached := next((fact for fact in facts if fact["milestone"] == milestone), None):
            told.add(order_of(reached))
            yield news(order, Kind.PROGRESSED, None, reached, (0, reached["at"], reached["milestone"]), milestone)
    before = None
    for run in runs([fact for fact in facts if fact["completion"]], lambda fact: when(fact["completion"])):
        moved = before is not None and abs(run.value - before) > policy.completion_moved_by
        if moved and order_of(run.first) not in told:
            yield news(order, Kind.PROGRESSED, None, run.first, (0, run.first["at"], "moved"), "moved", run.value, run.nth, run=run)
        before = run.value


NOTHING = object()


def expected(shipped: Fact | None, delays: Sequence[Fact], at: str) -> str | None:
    """The date as last told before that moment: whatever goes wrong, the customer still wants to know when."""
    before = [fact for fact in delays if fact["at"] <= at]
    last = before[-1] if before else shipped
    until: str | None = last["until"] if last else None
    return until


@dataclass(frozen=True, slots=True)
class Run:
    """Neighbours that say the same are one."""

    value: Any
    nth: int  # how many times the value has come by now
    facts: tuple[Fact, ...]

    @property
    def first(self) -> Fact:
        return self.facts[0]


def runs(facts: Sequence[Fact], value_of: Callable[[Fact], Any]) -> list[Run]:
    found: list[Run] = []
    times: dict[Any, int] = {}
    for fact in sorted(facts, key=order_of):
        value = value_of(fact)
        if found and found[-1].value == value:
            found[-1] = Run(value, found[-1].nth, (*found[-1].facts, fact))
        else:
            times[value] = times.get(value, 0) + 1
            found.append(Run(value, times[value], (fact,)))
    return found


def news(
    order: Fulfilment, kind: Kind, shipment: str | None, fact: Fact, rank: tuple[Any, ...], *what: Any, run: Run | None = None, **more: Any
) -> News:
    """Its id is made of what it says: the same said twice is one."""
    named = (it.timestamp() if isinstance(it, datetime) else it for it in flat(what))
    moment = when(fact["at"])
    assert isinstance(moment, datetime)
    facts = {name: value for name, value in (fact | more).items() if name not in ("at", "source", "kind", "passed")}
    moments = frozenset(it["at"] for it in (run.facts if run else (fact,)))
    return News(made_of("notice", order.id, kind, shipment or "", *named), kind, shipment, rank, moment, fact["source"], facts, moments)


def flat(things: Any) -> Iterator[Any]:
    for it in things:
        if isinstance(it, tuple):
            yield from flat(it)
        else:
            yield it
