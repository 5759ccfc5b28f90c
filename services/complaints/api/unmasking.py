"""Reading what was said about a complaint as it was said, with a purpose and a line in the audit trail."""

from typing import Any, Literal
from uuid import UUID

from services.complaints.store import complaints, notes
from services.complaints.store.complaints import ComplaintNotFound
from shared.bodies import WordsView
from shared.http import AtHand, Now, Router, Session, Staff, View, allow, problems
from shared.unmasking import Shown, Unmasking, looked

router = Router("/v1/complaints", tags=["complaints"])
KINDS = {"notes": Shown.WORDS}


class UnmaskedComplaint(View):
    """What was asked for of a complaint; what was not is left out."""

    complaint_id: UUID
    notes: list[WordsView] | None = None


@router.post(
    "/{complaint_id}/unmasking", response_model=UnmaskedComplaint, response_model_exclude_unset=True,
    dependencies=[allow("complaints.unmask", kept=False)], responses=problems(ComplaintNotFound),
)  # fmt: skip
async def unmask_complaint(
    complaint_id: UUID, body: Unmasking[Literal["notes"]], session: Session, staff: Staff, means: AtHand, now: Now
) -> dict[str, Any]:
    """Read all words about a complaint, its inquiry and what it follows as they were said, for a purpose. Each look leaves a line in the audit
    trail; the answer is kept nowhere, also not under an `Idempotency-Key`."""
    it = await complaints.by_id(session, complaint_id)
    await looked(session, means.metrics, body, KINDS, about=it.about, unit=it.unit, by=staff.sub, at=now)
    return {"complaint_id": it.id, "notes": await notes.about(session, notes.things(it))}
