"""Colleagues, as they are looked for."""

from collections.abc import Sequence

from sqlmodel.ext.asyncio.session import AsyncSession

from services.complaints.domain.colleague import Colleague


async def posts_of(session: AsyncSession, staff_id: str) -> Sequence[str]:
    """The posts that the directory gives them; none to whoever has left."""
    known = await session.get(Colleague, staff_id)
    return known.posts if known and known.active else ()
