"""Answering questions: at once, by a promise, or by whoever can."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

from sqlmodel.ext.asyncio.session import AsyncSession

from services.reception.domain.inquiry import Inquiry, Kind
from services.reception.domain.known_customer import KnownCustomer
from services.reception.domain.note import Note
from services.reception.domain.policy import Trade
from services.reception.domain.timekeeping import in_line
from services.reception.store import clocks, inquiries, notes
from shared.database import keep
from shared.etag import Expected
from shared.following import meet
from shared.ids import uuid7
from shared.notes import jot
from shared.outbox import Cause
from shared.outcome import Outcome
from shared.scope import Scope
from shared.topics import source_of


@dataclass(frozen=True, slots=True)
class Question:
    """What somebody wants to know, or tells us."""

    kind: Kind
    channel: str
    text: str
    order_id: str | None = None


async def receive(
    session: AsyncSession, told: Question, *, customer_id: UUID, scope: Scope, trade: Trade, by: str, at: datetime
) -> Inquiry:
    """Somebody asks; the words are kept as a note.  INQY-04, INQY-10"""
    cause: Cause = session.info["cause"]
    who = await meet(session, KnownCustomer, customer_id)
    inquiry = Inquiry(
        id=uuid7(), kind=told.kind, source=source_of("reception"), channel=told.channel, named_id=who.id, customer_id=who.customer_id,
        unit=scope.home(trade.units, who.unit), order_id=told.order_id, received_at=at, correlation=cause.correlation, trace=cause.trace,
    )  # fmt: skip
    inquiry.note_id = written(session, inquiry, told.text, kind="question", by=by, at=at)
    keep(session, [*inquiry.receive(), *in_line(inquiry, [], trade=trade, at=at)])
    return inquiry


async def promise(
    session: AsyncSession, inquiry_id: UUID, until: datetime, *, expected: Expected, trade: Trade, by: str, at: datetime
) -> Inquiry:  # fmt: skip
    until = until.astimezone(UTC)
    return await step(session, inquiry_id, lambda inquiry: inquiry.promise(until, by=by, at=at), expected=expected, trade=trade, at=at)


async def answer(
    session: AsyncSession, inquiry_id: UUID, text: str, *, expected: Expected, trade: Trade, by: str, at: datetime
) -> Inquiry:  # fmt: skip
    def take(inquiry: Inquiry) -> Outcome:
        return inquiry.answer(written(session, inquiry, text, kind="answer", by=by, at=at), by=by, at=at)

    return await step(session, inquiry_id, take, expected=expected, trade=trade, at=at)


async def hand_over(
    session: AsyncSession, inquiry_id: UUID, to: str, category: str, order_id: str | None, *, expected: Expected, trade: Trade, by: str, at: datetime
) -> Inquiry:  # fmt: skip
    """The words go along: the note is told anew, shared with whoever has it now.  INQY-11"""

    def take(inquiry: Inquiry) -> Outcome:
        return inquiry.hand_over(to, category, order_id, by=by, at=at)

    inquiry = await step(session, inquiry_id, take, expected=expected, trade=trade, at=at)
    if note := await notes.by_id(session, inquiry.note_id):
        keep(session, [note.told(shared_with=[to])], Cause.of(inquiry))
    return inquiry


async def step(
    session: AsyncSession, inquiry_id: UUID, take: Callable[[Inquiry], Outcome], *, expected: Expected, trade: Trade, at: datetime
) -> Inquiry:  # fmt: skip
    """Of two who come at once, the second sees what the first did."""
    inquiry = await inquiries.by_id(session, inquiry_id, lock=True)
    expected.check(inquiry.version)
    running = await clocks.about(session, inquiry.about, lock=True)
    outcome = take(inquiry)
    keep(session, [*outcome, *in_line(inquiry, running, trade=trade, at=at)], Cause.of(inquiry))
    await session.flush()
    return inquiry


def written(session: AsyncSession, inquiry: Inquiry, text: str, *, kind: str, by: str, at: datetime) -> UUID | None:
    """The words as a note, told under what the inquiry came of."""
    note = jot(Note, text, of=inquiry, about=inquiry.about, kind=kind, at=at, by=by)
    if note is None:
        return None
    keep(session, [note, note.told()], Cause.of(inquiry))
    return note.id
