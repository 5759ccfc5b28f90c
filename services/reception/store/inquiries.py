"""Inquiries, as they are looked for."""

from uuid import UUID

from sqlalchemy import func
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from services.reception.domain.inquiry import STEPS, Inquiry, Kind
from shared.errors import NotFound
from shared.paging import Register

INQUIRIES = Register(
    Inquiry,
    by=[Inquiry.received_at, Inquiry.id],
    filters=[
        Inquiry.state, Inquiry.kind, Inquiry.channel, Inquiry.customer_id, Inquiry.unit, Inquiry.source,
    ],
)  # fmt: skip


class InquiryNotFound(NotFound):
    """There is no such inquiry."""


async def by_id(session: AsyncSession, inquiry_id: UUID, *, lock: bool = False) -> Inquiry:
    """`lock`: ours until the end of the transaction."""
    inquiry = await session.get(Inquiry, inquiry_id, with_for_update=lock or None)
    if inquiry is None:
        raise InquiryNotFound
    return inquiry


async def waiting(session: AsyncSession) -> dict[str, int]:
    """How many have no answer yet, by kind."""
    found = await session.exec(select(Inquiry.kind, func.count()).where(col(Inquiry.state).in_(STEPS)).group_by(col(Inquiry.kind)))
    return {str(kind): 0 for kind in Kind} | {str(kind): count for kind, count in found.all()}
