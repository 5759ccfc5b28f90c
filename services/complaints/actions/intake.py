"""A complaint is taken in at the desk."""

from datetime import UTC, datetime
from uuid import UUID

from sqlmodel.ext.asyncio.session import AsyncSession

from services.complaints.actions.stepping import write
from services.complaints.domain.complaint import Complaint
from services.complaints.domain.intake import Intake, announced, received
from services.complaints.domain.known_customer import KnownCustomer
from services.complaints.domain.policy import Trade
from services.complaints.domain.timekeeping import in_line
from shared.database import keep
from shared.errors import Invalid
from shared.following import meet
from shared.ids import uuid7
from shared.scope import Scope

SOURCE = "/careloop/complaints"


class NotYet(Invalid):
    """It can't have been received in the future."""

    fix = "Leave it out for just now, or send when it was first heard."


async def take(
    session: AsyncSession, customer_id: UUID, content: str, expected_remedy: str | None, *, channel: str, category: str, order_id: str | None,
    product: str | None, department: str | None, received_at: datetime | None, scope: Scope, trade: Trade, by: str, at: datetime,
) -> Complaint:  # fmt: skip
    """Accepted at once, also from somebody whom nobody knows.  CMPL-01, CMPL-04"""
    if received_at is not None and received_at > at:
        raise NotYet(field="/received_at")
    whom, cause = await meet(session, KnownCustomer, customer_id), session.info["cause"]
    heard = (received_at or at).astimezone(UTC)
    told = Intake(
        id=uuid7(), channel=channel, category=category, received_at=heard, unit=scope.home(trade.units, whom.unit), source=SOURCE, order_id=order_id,
        product=product, department=department, correlation=cause.correlation, trace=cause.trace,
    )  # fmt: skip
    complaint = received(told, whom, trade.unit(told.unit))
    note_id = write(session, complaint, "content", content, by=by, at=at)
    write(session, complaint, "expected_remedy", expected_remedy, by=by, at=at)
    keep(session, [complaint, announced(complaint, note_id), *in_line(complaint, [], trade=trade, at=at)])
    await session.flush()
    return complaint
