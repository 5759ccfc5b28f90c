"""Complaints over HTTP: the register, and one of them with everything that was said."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import Depends, Response

from services.complaints.api.shapes import ComplaintView, WholeComplaintView, answer, shown
from services.complaints.store import complaints, notes
from services.complaints.store.complaints import COMPLAINTS, ComplaintNotFound
from shared.http import Router, Session, allow, problems
from shared.paging import Asked, Page

router = Router("/v1/complaints", tags=["complaints"])
READ = [allow("complaints.read")]


@router.get("", response_model=Page[ComplaintView], dependencies=READ, responses=problems())
async def list_complaints(session: Session, asked: Annotated[Asked, Depends(COMPLAINTS)]) -> Any:
    """All complaints, those that were received last first."""
    part = await COMPLAINTS.page(session, asked)
    return {"items": await shown(session, part.items), "next": part.next, "total": part.total}


@router.get("/{complaint_id}", response_model=WholeComplaintView, dependencies=READ, responses=problems(ComplaintNotFound))
async def show_complaint(complaint_id: UUID, session: Session, response: Response) -> Any:
    """One complaint, with the words about it, about the inquiry it was, and about what it follows."""
    complaint = await complaints.by_id(session, complaint_id)
    return await answer(session, complaint, response) | {"notes": await notes.about(session, notes.things(complaint))}
