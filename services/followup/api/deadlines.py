"""By when a customer is asked, over HTTP, and why then."""

from typing import Annotated, Any
from uuid import UUID

from services.followup.domain.policy import Trade
from services.followup.store import calls, clocks
from services.followup.store.calls import CallNotFound
from shared.clocks.deadlines import Deadlines, explained
from shared.http import Router, Session, allow, circumstance, problems

router = Router("/v1/calls/{call_id}", tags=["calls"])


@router.get("/deadlines", response_model=Deadlines, dependencies=[allow("calls.read")], responses=problems(CallNotFound))
async def list_deadlines_of_call(call_id: UUID, session: Session, trade: Annotated[Trade, circumstance("trade")]) -> Any:
    """By when the customer is asked, and why then: step by step, and as a sentence in Chinese and English. A limit that falls where nobody may be
    called ends with the last window before."""
    call = await calls.by_id(session, call_id)
    return explained(await clocks.about(session, f"call:{call.id}"), trade)
