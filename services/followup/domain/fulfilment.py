"""What we know of an order on its way: shipments, what happened to them, production. Facts only; what is told of them, `news` decides.

Facts are kept, not conclusions, and each is kept once: so events of one order end in the same state in any order of arrival.
"""

from collections.abc import Mapping
from datetime import UTC, date, datetime
from functools import lru_cache
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import Index, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field

from services.followup.domain import Memory
from shared.entities import Timestamp
from shared.ids import made_of
from shared.units import Unit, end_of_day

MOST = 200  # facts of one kind about one thing; beyond that a publisher has gone wild, and the newest count
Fact = dict[str, Any]


@lru_cache(maxsize=4096)  # each event of a batch asks several times
def fulfilment_id(system: str, customer: str, order_id: str) -> UUID:
    """Systems count their orders each for itself; one that is told of two customers is two."""
    return made_of("fulfilment", system, customer, order_id)


class Fulfilment(Memory, table=True):
    __table_args__ = (
        Index("fulfilment_arrival_due_at", "arrival_due_at", postgresql_where=text("arrival_due_at IS NOT NULL")),
        Index("fulfilment_asked", "id", postgresql_where=text("trouble <> asked")),
    )

    id: UUID = Field(primary_key=True)
    system: str
    order_id: str
    reference: str
    facts: Fact = Field(default_factory=dict, sa_type=JSONB)
    arrival_due_at: datetime | None = Field(default=None, sa_type=Timestamp)  # when we look whether the goods are there
    trouble: dict[str, str] = Field(default_factory=dict, sa_type=JSONB)  # by shipment: when the newest of what goes wrong with it happened
    asked: dict[str, str] = Field(default_factory=dict, sa_type=JSONB)  # the same, as a job asked somebody to see to it

    # -- facts come in

    def shipped(self, shipment: str, fact: Fact) -> None:
        """The earliest telling holds; a shipment is told as shipped once."""
        known = self.shipment(shipment).get("shipped")
        if known is None or order_of(fact) < order_of(known):
            self.set(shipment, shipped=fact)

    def troubled(self, shipment: str, fact: Fact) -> None:
        self.set(shipment, troubles=added(self.shipment(shipment).get("troubles", ()), fact))

    def delivered(self, shipment: str | None, fact: Fact) -> None:
        """A shipment arrived; or, where none is named, the order."""
        if shipment is not None:
            known = self.shipment(shipment).get("delivered")
            self.set(shipment, delivered=min(known, fact, key=order_of) if known else fact)
        else:
            known = self.facts.get("delivered")
            self.facts = self.facts | {"delivered": min(known, fact, key=order_of) if known else fact}

    def progressed(self, fact: Fact) -> None:
        self.facts = self.facts | {"progress": added(self.facts.get("progress", ()), fact)}

    def belongs_to(self, unit: str | None, at: str) -> None:
        """The earliest event that names a unit says whose it is."""
        if unit is not None:
            known, told = self.facts.get("unit"), [at, unit]
            if known is None or told < known:
                self.facts = self.facts | {"unit": told}

    # -- and are looked at

    @property
    def unit(self) -> str | None:
        named: list[str] | None = self.facts.get("unit")
        return named[1] if named else None

    @property
    def shipments(self) -> Mapping[str, Fact]:
        shipments: Mapping[str, Fact] = self.facts.get("shipments", {})
        return shipments

    def shipment(self, shipment: str) -> Fact:
        return self.shipments.get(shipment, {})

    def has_arrived(self, shipment: str | None) -> bool:
        return "delivered" in self.facts or (shipment is not None and "delivered" in self.shipment(shipment))

    def set(self, shipment: str, **facts: Any) -> None:
        known = self.facts
        shipments = known.get("shipments", {})
        self.facts = known | {"shipments": shipments | {shipment: shipments.get(shipment, {}) | facts}}

    # -- and time passes

    def watch(self, unit: Unit, at: datetime) -> None:
        """Look again when the arrival in force has passed; not if it had passed before we first heard of it."""
        due: list[datetime] = []
        for shipment, facts in self.shipments.items():
            end = arrival_in_force(facts, unit)
            if end is None or self.has_arrived(shipment):
                continue
            watched, told = facts.get("watched"), end.isoformat()
            if watched is None or watched["end"] != told:
                watched = {"end": told, "on": end > at}
                self.set(shipment, watched=watched)
            if watched["on"]:
                due.append(end)
        earliest = min(due, default=None)
        if earliest != self.arrival_due_at:
            self.arrival_due_at = earliest
        if (trouble := self.troubled_shipments(unit)) != self.trouble:
            self.trouble = trouble

    def troubled_shipments(self, unit: Unit) -> dict[str, str]:
        """What goes wrong is over when the goods are there.  ORDR-07"""
        found: dict[str, str] = {}
        for shipment, facts in self.shipments.items():
            if "troubles" in facts and not self.has_arrived(shipment):
                wrong = [*delays_of(facts, unit), *(it for it in facts["troubles"] if it["kind"] == "excepted")]
                if wrong:
                    found[shipment] = max(it["at"] for it in wrong)
        return found

    def overdue(self, unit: Unit, at: datetime) -> None:
        """What should be here by now and is not: an exception that we notice ourselves. It says what an event without a date would say.  ORDR-07"""
        for shipment, facts in self.shipments.items():
            end = arrival_in_force(facts, unit)
            if end is not None and end <= at and facts.get("watched", {}).get("on") and not self.has_arrived(shipment):
                source = (facts.get("shipped") or facts["troubles"][-1])["source"]
                noticed = {"at": iso(end), "kind": "delayed", "reason": "other", "until": None, "source": source, "passed": iso(end)}
                self.troubled(shipment, noticed)


def arrival_in_force(shipment: Fact, unit: Unit) -> datetime | None:
    """The end of the day or the moment by which it should be here, as last told; None: nobody knows."""
    delays = delays_of(shipment, unit)
    return end_of(delays[-1] if delays else shipment.get("shipped"), unit)


def delays_of(shipment: Fact, unit: Unit) -> list[Fact]:
    """In the order of their moments. What our own clock noticed counts if what passed was in force when it passed: later news of an earlier
    moment may show that something else was."""
    found: list[Fact] = []
    if "troubles" not in shipment:
        return found
    in_force = end_of(shipment.get("shipped"), unit)
    for fact in sorted(shipment["troubles"], key=order_of):
        if fact["kind"] == "delayed" and fact.get("passed") in (None, iso(in_force)):
            found.append(fact)
            in_force = end_of(fact, unit)
    return found


def end_of(fact: Fact | None, unit: Unit) -> datetime | None:
    """By when it should be there; None: unknown, which is a date like any other."""
    return end_in(unit.clock, fact["until"]) if fact and fact["until"] else None


@lru_cache(maxsize=4096)  # as above
def end_in(zone: ZoneInfo, until: str) -> datetime:
    return end_of_day(when(until), zone).astimezone(UTC)


def iso(moment: datetime | date | None) -> str | None:
    """A day stays a day, a moment is told in UTC, so that equal moments are equal texts."""
    if isinstance(moment, datetime):
        return moment.astimezone(UTC).isoformat(timespec="microseconds")
    return moment.isoformat() if moment else None


def when(text: str) -> datetime | date:
    return date.fromisoformat(text) if len(text) == 10 else datetime.fromisoformat(text)


def order_of(fact: Fact) -> tuple[str, ...]:
    """By the business moment; where that is the same, by what is said, so that nobody's order of arrival decides."""
    return (fact["at"], *(f"{name}={value}" for name, value in sorted(fact.items()) if name != "at"))


def added(facts: Any, fact: Fact) -> list[Fact]:
    known = {order_of(it): it for it in (*facts, fact)}
    return [known[order] for order in sorted(known)[-MOST:]]
