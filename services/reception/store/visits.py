"""Visits, as they are looked for."""

from uuid import UUID

from sqlalchemy import func, text
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from services.reception.domain.visit import Visit
from shared.errors import NotFound
from shared.paging import Register

DUE = "SELECT id FROM visit WHERE day_ends_at <= $1 ORDER BY day_ends_at LIMIT $2"  # for the job, which has a connection of its own
VISITS = Register(
    Visit,
    by=[Visit.applied_at, Visit.id],
    filters=[Visit.state, Visit.customer_id, Visit.unit, Visit.applicant, Visit.company, Visit.source],
)


class VisitNotFound(NotFound):
    """There is no such visit."""


async def by_id(session: AsyncSession, visit_id: UUID, *, lock: bool = False) -> Visit:
    """`lock`: ours until the end of the transaction."""
    visit = await session.get(Visit, visit_id, with_for_update=lock or None)
    if visit is None:
        raise VisitNotFound
    return visit


async def awaited(session: AsyncSession) -> tuple[int, int]:
    """How many visits are not at an end, and of how many the day ended a while ago."""
    overdue = func.count().filter(text("day_ends_at < now() - interval '1 minute'"))
    found = await session.exec(select(func.count(), overdue).select_from(Visit).where(col(Visit.day_ends_at).is_not(None)))
    return found.one()
