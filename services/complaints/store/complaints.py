"""Complaints, as they are looked for."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import func, text
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from services.complaints.domain.complaint import OPEN, Complaint
from shared.errors import NotFound
from shared.paging import Register


class ComplaintNotFound(NotFound):
    """There is no such complaint."""


FILTERS: list[Any] = [
    Complaint.state, Complaint.severity, Complaint.number, Complaint.customer_id, Complaint.unit, Complaint.order_id, Complaint.category,
    Complaint.channel, Complaint.source, Complaint.inquiry_id, Complaint.follows, Complaint.product, Complaint.department, Complaint.cause,
    Complaint.reference, Complaint.import_id,
]  # fmt: skip
COMPLAINTS = Register(Complaint, by=[Complaint.received_at, Complaint.id], filters=FILTERS)


async def by_id(session: AsyncSession, complaint_id: UUID, *, lock: bool = False) -> Complaint:
    complaint = await session.get(Complaint, complaint_id, with_for_update=lock or None)
    if complaint is None:
        raise ComplaintNotFound
    return complaint


async def counted(session: AsyncSession) -> dict[tuple[str, str], tuple[int, datetime]]:
    """How many are not at an end, and when the oldest of them came, by severity and state."""
    found = await session.exec(
        select(Complaint.severity, Complaint.state, func.count(), func.min(Complaint.received_at))
        .where(text(OPEN))
        .group_by(col(Complaint.severity), col(Complaint.state))
    )
    return {(str(severity or "unjudged"), str(state)): (count, oldest) for severity, state, count, oldest in found.all()}
