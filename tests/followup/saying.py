"""What complaints, reception and surveys say, and somebody who hears it without a database."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import orjson

from services.followup.domain.call import Call
from shared.contracts import Event
from shared.contracts.complaints import ComplaintAccepted, ComplaintClosed, ComplaintReopened, ComplaintResolved, ComplaintWithdrawn
from shared.contracts.reception import VisitDeparted
from shared.contracts.registry import INBOUND_TYPES
from shared.entities import Entity
from shared.gate import Origin
from shared.ids import customer_of, made_of, uuid7
from shared.outbox import Cause
from shared.reactions import Listener, Need
from shared.shelf import values_of
from tests.followup.calling import CALLS, trade
from tests.followup.conftest import NOON
from tests.makers import Record, customer, record
from tests.rooms import UNITS

COMPLAINT, VISIT, CUSTOMER = made_of("a complaint"), made_of("a visit"), customer_of("erp/C-1")
STORY = "the story"  # the correlation of all that is said here
TRADE = trade(CALLS)
Step = tuple[str, int]  # what happened to a complaint, in which round


def happened(step: str, round: int = 1, *, complaint: UUID = COMPLAINT, **facts: Any) -> Event:
    """A step of the complaint; each round is resolved a day after the one before."""
    of = {"complaint_id": complaint, "number": "C260106-1", "round": round, "customer_id": CUSTOMER, "unit": "headquarters"} | facts
    at = NOON + timedelta(days=round - 1)
    match step:
        case "resolved":
            return ComplaintResolved(**({"outcome": "upheld", "authority": "own", "resolved_at": at, "resolved_by": "s-1"} | of))
        case "reopened":
            return ComplaintReopened(**({"because": "asked", "reopened_at": at, "reopened_by": "s-1"} | of))
        case "accepted":
            return ComplaintAccepted(**({"accepted_at": at, "accepted_by": None} | of))
        case "closed":
            return ComplaintClosed(**({"closed_as": "accepted", "closed_at": at, "closed_by": None} | of))
        case "withdrawn":
            return ComplaintWithdrawn(**({"withdrawn_at": at, "withdrawn_by": "s-1"} | of))
    raise KeyError(step)


def departed(*, home: datetime | None = None, visit: UUID = VISIT, **facts: Any) -> VisitDeparted:
    of = {"visit_id": visit, "customer_id": CUSTOMER, "unit": "headquarters", "departed_at": NOON, "expected_home_at": home}
    return VisitDeparted(**(of | facts))


def said(event: Event, *, id: str | None = None, correlation: str = STORY) -> Record:
    """As its topic carries it."""
    told: Record = record(
        event.name, event.model_dump(mode="json"), source=f"/{event.topic.replace('.', '/')}", id=id or str(uuid7()), topic=event.topic,
        key=event.key, unit=event.unit_of,
    )  # fmt: skip
    return Record(
        **{name: getattr(told, name) for name in Record.__slots__}
        | {"headers": [*told.headers, ("ce_correlationid", correlation.encode())]}
    )


def answered(score: int = 2, survey: str = "S-1", reference: str = "shop/W-1", *, id: str | None = None, **facts: Any) -> Record:
    body = {"customer": customer(reference), "survey_id": survey, "answered_at": NOON.isoformat(), "score": score} | facts
    return record("survey.answered.v1", body, source="/surveys", id=id)


WORK: dict[str, tuple[str, dict[str, Any]]] = {  # what others tell that leads to a call: by its table in the profile, the type and the body
    "measurement": ("measurement.completed.v1", {"appointment_id": "A-1", "kind": "measurement", "completed_at": NOON.isoformat()}),
    "installation": (
        "installation.completed.v1",
        {
            "job_id": "J-1",
            "order_id": "O-1",
            "completed_at": (NOON - timedelta(days=9)).isoformat(),
            "sheet_returned_at": NOON.isoformat(),
        },
    ),
    "repair": ("repair.completed.v1", {"repair_order_id": "R-1", "outcome": "fixed", "completed_at": NOON.isoformat()}),
    "order": ("order.closed.v1", {"order_id": "O-1", "reason": "fulfilled", "closed_at": NOON.isoformat()}),
    "lost_order": ("order.lost.v1", {"opportunity_id": "P-1", "reason": "price", "lost_at": NOON.isoformat()}),
}


def work(trigger: str, reference: str = "erp/C-1", *, id: str | None = None, unit: str | None = None, **facts: Any) -> Record:
    name, body = WORK[trigger]
    told: Record = record(name, {"customer": customer(reference)} | body | facts, id=id, unit=unit)
    return told


def worked(trigger: str, reference: str = "erp/C-1", **facts: Any) -> Event:
    """The same, for a hearer."""
    name, body = WORK[trigger]
    return INBOUND_TYPES[name].model_validate_json(orjson.dumps({"customer": customer(reference)} | body | facts))


class Hearer:
    """Runs reactions one event after the other over what it remembers."""

    def __init__(self) -> None:
        self.rows: list[Entity] = []
        self.told: list[Event] = []

    def hear(self, on: Listener, event: Event, **circumstances: Any) -> None:
        origin = Origin(f"/{event.topic.replace('.', '/')}", None, event.unit_of, 0, 0, Cause(STORY))
        known = {"at": NOON, "trade": TRADE, "units": UNITS, "origin": origin} | circumstances
        for reaction in on.reactions[type(event)]:
            found: dict[str, Any] = {}
            for name, need in reaction.needs.items():
                found[name] = self.find(need, event, found)
            for it in reaction.rule(event, *found.values(), **{name: known[name] for name in reaction.circumstances}):
                if isinstance(it, Event):
                    self.told.append(it)
                elif isinstance(it, Entity) and it not in self.rows:
                    self.rows.append(it)

    def find(self, need: Need, event: Event, found: Mapping[str, Any]) -> Any:
        key = need.key(event, found)
        rows = [it for it in self.rows if type(it) is need.entity and values_of(it, need.columns) == key]
        return (rows[0] if rows else None) if need.single else rows

    @property
    def calls(self) -> dict[int, Call]:
        """By their rounds."""
        return {it.round: it for it in self.rows if isinstance(it, Call)}
