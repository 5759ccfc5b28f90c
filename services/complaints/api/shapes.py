"""A complaint as it is shown, and what all its endpoints have in common."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import Depends, Request, Response
from pydantic import Field
from sqlmodel.ext.asyncio.session import AsyncSession

from services.complaints.domain.complaint import Authority, ClosedAs, Complaint, NotNow, Severity
from services.complaints.domain.course import State
from services.complaints.domain.policy import Role
from services.complaints.domain.policy import Trade as TradeProfiles
from services.complaints.domain.posting import NeedsPost, held, posts_for
from services.complaints.store import colleagues, complaints, notes
from services.complaints.store.complaints import ComplaintNotFound
from shared.bodies import NoteView
from shared.contracts.values import Id, Slug
from shared.etag import tag
from shared.http import Session, Staff, View, allow, circumstance, problems
from shared.masking import MaskedText
from shared.problems import Changed, VersionMissing

Trade = Annotated[TradeProfiles, circumstance("trade")]
Department = Annotated[Id, Field(description="who has to answer for it; left out: as it was")]
Cause = Annotated[Slug, Field(description="why it came to this, as a code of your own; left out: as it was")]


async def post_is_held(request: Request, complaint_id: UUID, session: Session, staff: Staff, trade: Trade) -> None:
    """Where the profile gives this step to a post, by the token or the staff directory."""
    if not any(it.policy.posts for it in trade.profiles.values()):
        return
    complaint = await complaints.by_id(session, complaint_id)
    step = request.scope["route"].path.partition("{complaint_id}/")[2].partition("/")[0]
    if needed := posts_for(step, complaint, trade.policy(complaint.unit)):
        held(needed, {*staff.posts, *await colleagues.posts_of(session, staff.sub)})


HANDLE = [allow("complaints.handle"), Depends(post_is_held)]
STEP = problems(ComplaintNotFound, NotNow, NeedsPost, Changed, VersionMissing)


class MoneyView(View):
    amount: str
    currency: str


class ComplaintView(View):
    """A complaint or suggestion. `follows`: what it came of (`survey:<id>`, `visit:<id>`, `complaint:<id>`); `correlation`: what all its events carry."""

    id: UUID
    number: str
    state: State
    round: int = Field(description="from 1; each reopening begins another")
    severity: Severity | None = Field(description="null until it is judged")
    upheld: bool | None
    customer_id: UUID
    customer_known: bool = Field(description="has any source declared this customer?")
    unit: str
    order_id: str | None
    category: str
    product: str | None
    department: str | None = Field(description="who has to answer for it")
    cause: str | None = Field(description="why it came to this, as a code")
    channel: str
    source: str
    expected_remedy: MaskedText | None
    inquiry_id: UUID | None
    follows: str | None
    received_at: datetime
    feedback_by: datetime | None
    resolved_at: datetime | None
    reopenable_until: datetime | None
    authority: Authority | None = Field(description="by whose leave the result stands")
    compensation: MoneyView | None
    escalated_to: Role | None
    closed_as: ClosedAs | None
    closed_at: datetime | None = Field(description="when it was closed or withdrawn")
    reference: str | None = Field(description="how the system that it was imported from calls it")
    undated: bool = Field(
        description="imported, and nobody wrote down when it came to its end: `resolved_at` is the last moment that is known"
    )
    import_id: UUID | None = Field(description="the import by which it came; nobody was told of it")
    correlation: MaskedText | None
    version: int


class WholeComplaintView(ComplaintView):
    """A complaint and everything that was said about it."""

    notes: list[NoteView]


async def shown(session: AsyncSession, complaints: Sequence[Complaint]) -> list[dict[str, Any]]:
    remedies = await notes.texts(session, "expected_remedy", [it.about for it in complaints])
    return [view(it, remedies.get(it.about)) for it in complaints]


def view(complaint: Complaint, remedy: str | None) -> dict[str, Any]:
    columns = ComplaintView.model_fields.keys() & Complaint.model_fields.keys()
    return {name: getattr(complaint, name) for name in columns} | {"expected_remedy": remedy, "compensation": money(complaint)}


def money(complaint: Complaint) -> MoneyView | None:
    it = complaint.compensation
    return MoneyView(amount=f"{it.amount:.4f}", currency=it.currency) if it else None


async def answer(session: AsyncSession, complaint: Complaint, response: Response) -> dict[str, Any]:
    """The complaint as it is now, and which version that is."""
    tag(response, complaint.version)
    (told,) = await shown(session, [complaint])
    return told
