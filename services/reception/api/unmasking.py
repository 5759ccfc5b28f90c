"""Seeing what was asked and who comes as it was said, with a purpose and a line in the audit trail."""

from typing import Any, Literal
from uuid import UUID

from services.reception.store import inquiries, notes, visits
from services.reception.store.inquiries import InquiryNotFound
from services.reception.store.visits import VisitNotFound
from shared.bodies import WordsView
from shared.contracts.values import Phone
from shared.http import AtHand, Now, Router, Session, Staff, View, allow, problems
from shared.unmasking import Shown, Unmasking, looked

questions = Router("/v1/inquiries", tags=["inquiries"])
guests = Router("/v1/visits", tags=["visits"])
routers = questions, guests
INQUIRY = {"notes": Shown.WORDS, "call_id": Shown.CONTACT}
VISIT = {"notes": Shown.WORDS, "guest_phone": Shown.CONTACT}
InquiryField = Literal["notes", "call_id"]
VisitField = Literal["notes", "guest_phone"]


class UnmaskedInquiry(View):
    """What was asked for of an inquiry; what was not is left out."""

    inquiry_id: UUID
    call_id: str | None = None
    notes: list[WordsView] | None = None


class UnmaskedVisit(View):
    """What was asked for of a visit; what was not is left out."""

    visit_id: UUID
    guest_phone: Phone | None = None
    notes: list[WordsView] | None = None


@questions.post(
    "/{inquiry_id}/unmasking", response_model=UnmaskedInquiry, response_model_exclude_unset=True,
    dependencies=[allow("inquiries.unmask", kept=False)], responses=problems(InquiryNotFound),
)  # fmt: skip
async def unmask_inquiry(
    inquiry_id: UUID, body: Unmasking[InquiryField], session: Session, staff: Staff, means: AtHand, now: Now
) -> dict[str, Any]:
    """Read what was asked and answered as it was said, for a purpose. Each look leaves a line in the audit trail; the answer is kept nowhere, also
    not under an `Idempotency-Key`."""
    it = await inquiries.by_id(session, inquiry_id)
    fields = await looked(session, means.metrics, body, INQUIRY, about=it.about, unit=it.unit, by=staff.sub, at=now)
    words = {"notes": await notes.about(session, it.about)} if "notes" in fields else {}
    return {"inquiry_id": it.id} | ({"call_id": it.call_id} if "call_id" in fields else {}) | words


@guests.post(
    "/{visit_id}/unmasking", response_model=UnmaskedVisit, response_model_exclude_unset=True,
    dependencies=[allow("visits.unmask", kept=False)], responses=problems(VisitNotFound),
)  # fmt: skip
async def unmask_visit(
    visit_id: UUID, body: Unmasking[VisitField], session: Session, staff: Staff, means: AtHand, now: Now
) -> dict[str, Any]:
    """See where the guest can be called and what was written down, for a purpose. Each look leaves a line in the audit trail; the answer is kept
    nowhere, also not under an `Idempotency-Key`."""
    it = await visits.by_id(session, visit_id)
    about = f"visit:{it.id}"
    fields = await looked(session, means.metrics, body, VISIT, about=about, unit=it.unit, by=staff.sub, at=now)
    words = {"notes": await notes.about(session, about)} if "notes" in fields else {}
    return {"visit_id": it.id} | ({"guest_phone": it.guest_phone} if "guest_phone" in fields else {}) | words
