"""By when an inquiry is owed an answer, over HTTP, and why then."""

from typing import Annotated, Any
from uuid import UUID

from services.reception.domain.policy import Trade
from services.reception.store import clocks, inquiries
from services.reception.store.inquiries import InquiryNotFound
from shared.clocks.deadlines import Deadlines, explained
from shared.http import Router, Session, allow, circumstance, problems

router = Router("/v1/inquiries/{inquiry_id}", tags=["inquiries"])


@router.get("/deadlines", response_model=Deadlines, dependencies=[allow("inquiries.read")], responses=problems(InquiryNotFound))
async def list_deadlines_of_inquiry(inquiry_id: UUID, session: Session, trade: Annotated[Trade, circumstance("trade")]) -> Any:
    """What is owed by when, and why then: step by step, and as a sentence in Chinese and English; the last promise first."""
    inquiry = await inquiries.by_id(session, inquiry_id)
    return explained(await clocks.about(session, inquiry.about), trade)
