"""Complaints in any place, and what others tell of them; only the fact that matters has to be spelled."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from services.complaints.app import trade_of
from services.complaints.domain.complaint import Authority, ClosedAs, Complaint, Severity
from services.complaints.domain.course import Place, State
from services.complaints.domain.known_customer import KnownCustomer
from services.complaints.domain.policy import Role
from shared.contracts import Event
from shared.contracts.contacts import ContactChanged, KnownAs, Standing
from shared.contracts.followup import CallUnreachable, Satisfaction, SatisfactionReported
from shared.contracts.notes import NoteErased, NoteWritten
from shared.contracts.reception import InquiryHandedOver
from shared.database import transaction
from shared.ids import customer_of, made_of, uuid7
from tests.apis import Api
from tests.makers import LONG_AGO, Record, record
from tests.rooms import UNITS, World

NOON = LONG_AGO + timedelta(hours=2)
TRADE = trade_of(UNITS)
POLICY = TRADE.policy("headquarters")
DAYS = timedelta(days=30)
C1 = customer_of("erp/C-1")
BODY: dict[str, Any] = {
    "customer": {"system": "erp", "id": "C-1"}, "channel": "phone", "category": "delivery", "content": "The coil came bent.",
    "expected_remedy": "A new coil", "order_id": "PO-7",
}  # fmt: skip
STEPS: dict[str, dict[str, Any]] = {
    "acknowledgement": {}, "judgement": {"upheld": True, "reason": "The strap was loose."}, "explanation": {}, "resolution": {"result": "A new coil."},
    "acceptance": {}, "reopening": {"reason": "It is bent again."}, "closing": {}, "withdrawal": {}, "escalation": {},
}  # fmt: skip


def number(n: int) -> UUID:
    return made_of("test", n)


def a_complaint(
    place: Place = Place.RECEIVED, *, id: UUID | None = None, round: int = 1, resolved_at: datetime = NOON, **facts: Any
) -> Complaint:
    """One that stands there, as if it had come there by its steps."""
    state = State.JUDGED if place in (Place.UPHELD, Place.NOT_UPHELD) else State(place.value)
    told: dict[str, Any] = {
        "id": id or uuid7(), "number": "C260105-00000000", "state": state, "round": round, "named_id": C1, "customer_id": C1, "customer_known": False,
        "unit": "headquarters", "category": "delivery", "channel": "phone", "source": "/careloop/complaints", "received_at": NOON,
    }  # fmt: skip
    if place in (Place.UPHELD, Place.NOT_UPHELD, Place.EXPLAINED):
        told |= {"upheld": place is Place.UPHELD, "severity": Severity.ORDINARY}
    if place in (Place.RESOLVED, Place.ACCEPTED, Place.CLOSED):
        told |= {"resolved_at": resolved_at, "reopenable_until": resolved_at + DAYS, "authority": Authority.OWN}
    if place is Place.CLOSED:
        told |= {"closed_as": ClosedAs.ACCEPTED}
    if place is Place.ESCALATED:
        told |= {"escalated_to": Role.SUPERVISOR}
    return Complaint(**told | facts)


def whom(**facts: Any) -> KnownCustomer:
    return KnownCustomer(**{"id": C1, "customer_id": C1} | facts)


async def kept(world: World, *complaints: Complaint) -> Complaint:
    """Rows in the database; the first of them."""
    async with transaction(world.engine) as session:
        session.add_all(complaints)
    return complaints[0]


async def taken(api: Api, **more: Any) -> dict[str, Any]:
    answer = await api.ask("POST", "/v1/complaints", BODY | more, role="specialist")
    assert answer.status_code == 201, answer.text
    told: dict[str, Any] = answer.json()
    return told


async def step(
    api: Api, id: Any, name: str, body: dict[str, Any] | None = None, *, role: str = "specialist", status: int = 200
) -> dict[str, Any]:
    """By somebody who has just read it."""
    version = (await api.get(f"/v1/complaints/{id}"))["version"]
    answer = await api.ask("POST", f"/v1/complaints/{id}/{name}", STEPS[name] | (body or {}), role=role, If_Match=f'"{version}"')
    assert answer.status_code == status, answer.text
    told: dict[str, Any] = answer.json()
    return told


# -- what others tell


def told(event: Event, source: str, *, again: bool = False, **more: Any) -> Record:
    """As it lies on its topic. The same event under the same id, unless it is told again."""
    id = str(uuid7()) if again else str(made_of(event.name, event.model_dump_json()))
    return record(event.name, event.model_dump(mode="json"), source=f"/careloop/{source}", id=id, topic=event.topic, key=event.key, **more)


def answered(said: str, about: str | None, *, n: int = 1, call: bool = True, **facts: Any) -> SatisfactionReported:
    """By the customer's answer number n, in a call or in a survey."""
    who = {"call_id": number(n)} if call else {"survey_id": number(n)}
    told: dict[str, Any] = {"customer_id": C1, "unit": "headquarters", "reported_at": NOON, **who}
    return SatisfactionReported(about=about, satisfaction=Satisfaction(said), **told | facts)


def unreachable(about: str, round: int = 1) -> CallUnreachable:
    return CallUnreachable(
        customer_id=C1, unit="headquarters", call_id=number(round), about=about, round=round, reason="attempts", unreachable_at=NOON
    )


def handed_over(n: int = 1, **facts: Any) -> InquiryHandedOver:
    told: dict[str, Any] = {
        "customer_id": C1, "unit": "headquarters", "inquiry_id": number(n), "handed_to": "complaints", "kind": "complaint", "channel": "mail",
        "category": "service", "received_at": NOON - timedelta(days=2), "handed_over_at": NOON, "handed_over_by": "s-3",
    }  # fmt: skip
    return InquiryHandedOver(**told | facts)


def contact(customer: str, *references: str, revision: int = 1, standing: Standing = Standing.DECLARED, **facts: Any) -> ContactChanged:
    names = [KnownAs(reference=it, revision=revision) for it in references]
    return ContactChanged(
        **{"customer_id": customer_of(customer), "unit": "headquarters", "standing": standing, "references": names} | facts
    )


def note(n: int, text: str, about: str, *, shared_with: tuple[str, ...] = ("complaints",), **facts: Any) -> NoteWritten:
    told: dict[str, Any] = {"customer_id": C1, "unit": "headquarters", "kind": "remarks", "written_at": NOON, "written_by": "s-3"}
    return NoteWritten(note_id=number(n), text=text, about=about, shared_with=list(shared_with), **told | facts)


def erased(n: int, **more: Any) -> Record:
    """A null value on `careloop.notes`."""
    return record(NoteErased.name, None, source="/careloop/followup", topic=NoteErased.topic, key=str(number(n)), **more)
