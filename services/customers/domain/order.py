"""An order, mirrored from what ERP, shop and logistics tell of it. How it stands is derived from the facts, never told.

The ERP's own close does not close it: our file closes when all is delivered and the customer said that all is well, which nobody asks
yet; until then it stays where it stands, and `erp_closed_at` says that the ERP is done with it.  ORDR-11
"""

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import Index, Numeric, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field

from services.customers.domain import Memory
from services.customers.domain.facts import Fact, added, earliest, filed, latest
from services.customers.domain.past import FILED, together
from services.customers.domain.wordless import without_words
from shared.entities import Timestamp, codes
from shared.ids import made_of

PLACED, CONFIRMED, CHANGED = 0, 1, 2  # who has the last word on the terms, where two speak of one moment


class OrderState(StrEnum):
    RECEIVED = "received"
    CLARIFYING = "clarifying"  # something is missing that the customer has to say  ORDR-02
    CONFIRMED = "confirmed"
    IN_PRODUCTION = "in_production"
    SHIPPED = "shipped"
    DELIVERED = "delivered"
    CANCELLED = "cancelled"


class Missing(StrEnum):
    """What is checked on receipt.  ORDR-01"""

    SPECIFICATION = "specification"
    QUANTITY = "quantity"
    PRICE = "price"
    DELIVERY_DATE = "delivery_date"
    DELIVERY_PLACE = "delivery_place"
    PAYMENT_TERMS = "payment_terms"


def order_id_of(system: str, order_id: str) -> UUID:
    """Systems count their orders each for itself."""
    return made_of("order", system, order_id)


class Order(Memory, table=True):
    __tablename__ = "orders"
    __table_args__ = (
        UniqueConstraint("order_id", "system", name="orders_order_id"),
        Index("orders_newest", "created_at", "id"),
        Index("orders_source", "source", "created_at", "id"),
        Index("orders_state", "state", "created_at", "id"),
        Index("orders_system", "system", "created_at", "id"),
        Index("orders_reference", "reference", "created_at", "id"),
        Index("orders_unit", "unit", "created_at", "id"),
        Index("orders_delivered", "delivered", "created_at", "id"),
        Index("orders_erased", "erased_id", "created_at", "id", postgresql_where=text("erased_id IS NOT NULL")),
        Index("orders_asked", "id", postgresql_where=text("(state = 'clarifying' AND erased_id IS NULL) <> asked")),
    )

    id: UUID = Field(primary_key=True)
    system: str  # whose customer's order it is ...
    order_id: str  # ... and what that system calls it
    reference: str  # of the customer; the claim of that name says who it is today ...
    erased_id: UUID | None = None  # ... and this where the claim is erased
    source: str
    unit: str | None = None  # the one that its events name; otherwise it is its customer's
    state: OrderState = Field(default=OrderState.RECEIVED, sa_type=codes(OrderState))
    clarifying: list[str] = Field(default_factory=list, sa_type=JSONB)
    total_amount: Decimal | None = Field(default=None, sa_type=Numeric(18, 4))
    total_currency: str | None = None
    promised_delivery_until: str | None = None  # a day or a moment
    placed_at: datetime | None = Field(default=None, sa_type=Timestamp)
    confirmed_at: datetime | None = Field(default=None, sa_type=Timestamp)
    shipped_at: datetime | None = Field(default=None, sa_type=Timestamp)
    delivered_at: datetime | None = Field(default=None, sa_type=Timestamp)
    cancelled_at: datetime | None = Field(default=None, sa_type=Timestamp)
    erp_closed_at: datetime | None = Field(default=None, sa_type=Timestamp)
    delivered: bool = False
    facts: Fact = Field(default_factory=dict, sa_type=JSONB)
    created_at: datetime = Field(sa_type=Timestamp)  # when we first heard of it
    asked: bool = False  # somebody is to ask the customer: a job keeps this in line with `unclear`

    @property
    def unclear(self) -> bool:
        """The customer has to be asked. Whoever is erased can't be."""
        return self.state is OrderState.CLARIFYING and self.erased_id is None

    @classmethod
    def heard_of(cls, reference: str, order_id: str, *, source: str, at: datetime) -> "Order":
        """Of a customer of the system that counts it. What it says comes next."""
        system = reference.partition("/")[0]
        return cls(id=order_id_of(system, order_id), system=system, order_id=order_id, reference=reference, source=source, created_at=at)

    # -- facts come in

    def belongs(self, reference: str, source: str, unit: str | None, at: str, *, placing: bool) -> None:
        """Whoever placed it says whose it is; until then, whoever spoke of it first. A unit is the first one named."""
        said = {"at": f"{0 if placing else 1} {at}", "reference": reference, "source": source}
        self.keep("said_by", earliest(self.facts.get("said_by"), said))
        if unit is not None:
            self.keep("unit", earliest(self.facts.get("unit"), {"at": at, "unit": unit}))

    def happened(self, what: str, fact: Fact) -> None:
        """Something that happens once. Told twice, the earlier telling holds."""
        self.keep(what, earliest(self.facts.get(what), fact))

    def agreed(self, at: str, rank: tuple[int, int], terms: Mapping[str, Any]) -> None:
        """The last word on each of the terms; what a later one does not mention stays. Where two speak of one moment, the rank decides."""
        known: Fact = self.facts.get("terms", {})
        for name, value in terms.items():
            if value is not None:
                known = known | {name: latest(known.get(name), {"at": f"{at} {rank[0]} {rank[1]:020}", "is": value})}
        if known:
            self.keep("terms", known)

    def noted(self, what: str, fact: Fact) -> None:
        """One of several: production, changes."""
        self.keep(what, added(self.facts.get(what, ()), fact))

    def parcel(self, shipment: str, what: str, fact: Fact) -> None:
        """A shipment left, arrived, or met with trouble."""
        known = self.shipments.get(shipment, {})
        told = added(known.get(what, ()), fact) if what == "troubles" else earliest(known.get(what), fact)
        self.keep("shipments", filed(self.shipments, shipment, known | {what: told}))

    def account(self, what: str, name: str, step: str, fact: Fact) -> None:
        """A return, payment or dunning letter, by its own id. The last word on each step holds."""
        known = self.facts.get(what, {})
        about = known.get(name, {})
        self.keep(what, filed(known, name, filed(about, step, latest(about.get(step), fact))))

    def filed(self, said: Fact | None) -> None:
        """A file says this; what one said before is replaced. None: no file says anything."""
        facts = {name: it for name, it in self.facts.items() if name != FILED}
        self.put(facts=facts | {FILED: said} if said else facts)

    def keep(self, what: str, fact: Any) -> None:
        facts = self.facts
        if facts.get(what) != fact:
            self.facts = facts | {what: fact}

    # -- and are looked at

    @property
    def told(self) -> Fact:
        """All that is known, by events and by a file."""
        said = self.facts.get(FILED)
        return together(self.facts, said) if said else self.facts

    @property
    def shipments(self) -> Mapping[str, Fact]:
        shipments: Mapping[str, Fact] = self.facts.get("shipments", {})
        return shipments

    def term(self, name: str) -> Any:
        return term(self.told, name)

    # -- and how it stands follows from them

    def come_to_rest(self, erased_id: UUID | None) -> None:
        """After something was told of it. `erased_id`: its customer, where they are erased; then no words of it are kept."""
        if erased_id:
            self.put(erased_id=erased_id)
        if self.erased_id:
            self.put(facts=without_words(self.facts))
        self.settle()

    def settle(self) -> None:
        told = self.told
        total, arrived, said_by = term(told, "total") or {}, arrived_at(told), told["said_by"]
        left = [it["shipped"]["at"] for it in self.shipments.values() if "shipped" in it]
        shipped = min([*left, told["shipped"]["at"]] if "shipped" in told else left, default=None)
        self.put(
            reference=said_by["reference"], source=said_by["source"], unit=told["unit"]["unit"] if "unit" in told else None,
            total_amount=Decimal(total["amount"]) if total else None, total_currency=total.get("currency"),
            promised_delivery_until=term(told, "promised_delivery_until"),
            placed_at=happened(told, "placed"), confirmed_at=happened(told, "confirmed"), cancelled_at=happened(told, "cancelled"),
            erp_closed_at=happened(told, "closed"), shipped_at=shipped and datetime.fromisoformat(shipped),
            delivered_at=arrived and datetime.fromisoformat(arrived), delivered=arrived is not None,
        )  # fmt: skip
        state = self.standing(told)
        self.put(state=state, clarifying=[str(it) for it in missing(told)] if state is OrderState.CLARIFYING else [])

    def standing(self, told: Fact) -> OrderState:
        if self.cancelled_at:
            return OrderState.CANCELLED
        if self.delivered:
            return OrderState.DELIVERED
        if self.shipped_at:
            return OrderState.SHIPPED
        if told.get("production"):
            return OrderState.IN_PRODUCTION
        if self.confirmed_at:
            return OrderState.CONFIRMED
        # what only a file knows was placed with somebody else: nobody asks for what the file lacks
        return OrderState.CLARIFYING if "placed" in self.facts and missing(told) else OrderState.RECEIVED


def term(told: Fact, name: str) -> Any:
    return told.get("terms", {}).get(name, {}).get("is")


def missing(told: Fact) -> list[Missing]:
    """What the customer has to be asked."""
    lines, total = term(told, "lines") or [], term(told, "total")
    found = {
        Missing.SPECIFICATION: lines,
        Missing.QUANTITY: lines and all(line.get("quantity") for line in lines),
        Missing.PRICE: total or (lines and all(line.get("unit_price") for line in lines)),
        Missing.DELIVERY_DATE: term(told, "promised_delivery_until"),
        Missing.DELIVERY_PLACE: any((term(told, "ship_to") or {}).values()),
        Missing.PAYMENT_TERMS: term(told, "payment_terms"),
    }
    return [reason for reason, known in found.items() if not known]


def arrived_at(told: Fact) -> str | None:
    """When the last of it arrived; None while something is on its way or still to be sent."""
    ends = [told["delivered"]["at"]] if "delivered" in told else []
    parcels = told.get("shipments", {}).values()
    finals = [it["shipped"].get("final") for it in parcels if "shipped" in it]
    more_to_come = False in finals and True not in finals
    if parcels and not more_to_come and all("delivered" in it for it in parcels):
        ends.append(max(it["delivered"]["at"] for it in parcels))
    return min(ends, default=None)


def happened(facts: Fact, what: str) -> datetime | None:
    return datetime.fromisoformat(facts[what]["at"]) if what in facts else None
