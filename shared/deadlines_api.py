"""All deadlines of a service, over HTTP: what is due next, what was missed, what stands on days that nobody has announced yet."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import Depends
from pydantic import Field

from shared.clocks.clock import Clock, State
from shared.http import Router, Session, View, allow, problems
from shared.paging import Asked, Page, Register


class ClockView(View):
    """One deadline. `about` has its arithmetic at its own `…/deadlines`."""

    id: UUID
    about: str = Field(examples=["complaint:…"])
    milestone: str
    round: int
    state: State
    owner: str
    unit: str
    customer_id: UUID
    started_at: datetime
    due_at: datetime
    at_risk_at: datetime | None
    warned_at: datetime | None
    pause_until: datetime | None
    provisional: bool = Field(description="it stands on days whose holidays nobody has announced yet")
    ended_at: datetime | None
    done_at: datetime | None
    profile: str
    profile_version: int


def register(kind: type[Clock]) -> Router:
    """Of a service with clocks of this kind."""
    router = Router("/v1/deadlines", tags=["deadlines"])
    filters = [kind.state, kind.owner, kind.unit, kind.about, kind.provisional]
    deadlines = Register(kind, by=[kind.due_at, kind.id], filters=filters, descending=False)

    @router.get("", response_model=Page[ClockView], dependencies=[allow("deadlines.read")], responses=problems())
    async def list_deadlines(session: Session, asked: Annotated[Asked, Depends(deadlines)]) -> Any:
        """What is owed, by when it is due, the earliest first: `?state=running&owner=supervisor`, `?provisional=true`."""
        return await deadlines.page(session, asked)

    return router
