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
from shared.entities import Timestamp, codes
from shared.ids import made_of


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

    def keep(self, what: str, fact: Any) -> None:
        facts = self.facts
        if facts.get(what) != fact:
            self.facts = facts | {what: fact}

    # -- and are looked at

    @property
    def shipments(self) -> Mapping[str, Fact]:
        shipments: Mapping[str, Fact] = self.facts.get("shipments", {})
        return shipments

    def term(self, name: str) -> Any:
        return self.facts.get("terms", {}).get(name, {}).get("is")

    @property
    def missing(self) -> list[Missing]:
        """What the customer has to be asked."""
        lines, total = self.term("lines") or [], self.term("total")
        found = {
            Missing.SPECIFICATION: lines,
            Missing.QUANTITY: lines and all(line.get("quantity") for line in lines),
            Missing.PRICE: total or (lines and all(line.get("unit_price") for line in lines)),
            Missing.DELIVERY_DATE: self.term("promised_delivery_until"),
            Missing.DELIVERY_PLACE: any((self.term("ship_to") or {}).values()),
            Missing.PAYMENT_TERMS: self.term("payment_terms"),
        }
        return [reason for reason, known in found.items() if not known]

    @property
    def arrived_at(self) -> str | None:
        """When the last of it arrived; None while something is on its way or still to be sent."""
        ends = [self.facts["delivered"]["at"]] if "delivered" in self.facts else []
        parcels = self.shipments.values()
        finals = [it["shipped"].get("final") for it in parcels if "shipped" in it]
        more_to_come = False in finals and True not in finals
        if parcels and not more_to_come and all("delivered" in it for it in parcels):
            ends.append(max(it["delivered"]["at"] for it in parcels))
        return min(ends, default=None)

    # -- and how it stands follows from them

    def settle(self) -> None:
        facts, total, arrived = self.facts, self.term("total") or {}, self.arrived_at
        shipped = min((it["shipped"]["at"] for it in self.shipments.values() if "shipped" in it), default=None)
        said_by = facts["said_by"]
        self.put(
            reference=said_by["reference"], source=said_by["source"], unit=facts["unit"]["unit"] if "unit" in facts else None,
            total_amount=Decimal(total["amount"]) if total else None, total_currency=total.get("currency"),
            promised_delivery_until=self.term("promised_delivery_until"),
            placed_at=happened(facts, "placed"), confirmed_at=happened(facts, "confirmed"), cancelled_at=happened(facts, "cancelled"),
            erp_closed_at=happened(facts, "closed"), shipped_at=shipped and datetime.fromisoformat(shipped),
            delivered_at=arrived and datetime.fromisoformat(arrived), delivered=arrived is not None,
        )  # fmt: skip
        state = self.standing()
        self.put(state=state, clarifying=[str(it) for it in self.missing] if state is OrderState.CLARIFYING else [])

    def standing(self) -> OrderState:
        if self.cancelled_at:
            return OrderState.CANCELLED
        if self.delivered:
            return OrderState.DELIVERED
        if self.shipped_at:
            return OrderState.SHIPPED
        if self.facts.get("production"):
            return OrderState.IN_PRODUCTION
        if self.confirmed_at:
            return OrderState.CONFIRMED
        return OrderState.CLARIFYING if self.placed_at and self.missing else OrderState.RECEIVED


def happened(facts: Fact, what: str) -> datetime | None:
    return datetime.fromisoformat(facts[what]["at"]) if what in facts else None
