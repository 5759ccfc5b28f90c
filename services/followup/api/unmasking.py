"""Seeing how to reach who is to be called, and what they said, with a purpose and a line in the audit trail."""

from typing import Any, Literal
from uuid import UUID

from services.followup.store import calls, notes
from services.followup.store.calls import CallNotFound
from shared.bodies import WordsView
from shared.contracts.values import Email, Phone
from shared.http import AtHand, Now, Router, Scope, Session, Staff, View, allow, problems
from shared.unmasking import Shown, Unmasking, looked

router = Router("/v1/calls", tags=["calls"])
KINDS = {"phones": Shown.CONTACT, "emails": Shown.CONTACT, "remarks": Shown.WORDS}
CallField = Literal["phones", "emails", "remarks"]


class UnmaskedCall(View):
    """What was asked for of a call; what was not is left out. `remarks`: what the customer said, here and in other rounds of the same thing."""

    call_id: UUID
    phones: list[Phone] | None = None
    emails: list[Email] | None = None
    remarks: list[WordsView] | None = None


@router.post(
    "/{call_id}/unmasking", response_model=UnmaskedCall, response_model_exclude_unset=True,
    dependencies=[allow("calls.unmask", kept=False)], responses=problems(CallNotFound),
)  # fmt: skip
async def unmask_call(
    call_id: UUID, body: Unmasking[CallField], session: Session, staff: Staff, scope: Scope, means: AtHand, now: Now
) -> dict[str, Any]:  # fmt: skip
    """See where the customer can be called and what they said, for a purpose. Each look leaves a line in the audit trail; the answer is kept
    nowhere, also not under an `Idempotency-Key`. Of a customer of another unit nothing is shown by which they can be reached."""
    call = await calls.by_id(session, call_id)
    fields = await looked(session, means.metrics, body, KINDS, about=f"call:{call.id}", unit=call.unit, by=staff.sub, at=now)
    shown: dict[str, Any] = {"call_id": call.id}
    if "remarks" in fields:
        shown["remarks"] = await notes.remarks(session, call.about)
    if points := [name for name in ("phones", "emails") if name in fields]:
        contacts = [it for it in await calls.contacts(session, call.customer_id) if it.unit is None or scope.sees(it.unit)]
        shown |= {name: list(dict.fromkeys(point for it in contacts for point in getattr(it, name))) for name in points}
    return shown
