"""What could not be handled, and topics that had to be stopped, over HTTP: the same in every service.

Raw bytes may hold personal data, so nobody is shown any: the reason, the place and the sizes are enough to decide.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import Depends
from pydantic import Field
from sqlalchemy import ColumnElement, DateTime
from sqlmodel import col
from sqlmodel import select as query
from sqlmodel.ext.asyncio.session import AsyncSession

from shared import stops
from shared.audit import of_these, record
from shared.database import driver_of
from shared.errors import Conflict, NotFound
from shared.http import Body, Moment, Now, Router, Session, Staff, View, allow, problems
from shared.masking import MaskedText
from shared.paging import Asked, Page, Register
from shared.parked import BYTES_KEPT, Parked, State
from shared.plumbing import STOPPED
from shared.registers.answering import TABLES, Answer
from shared.registers.sheet import Sheet
from shared.replay import MOST_REPLAYS

MOST_AT_ONCE = 1000
parked = Router("/v1/parked", tags=["operations"])
stopped = Router("/v1/stopped", tags=["operations"])
routers = parked, stopped


class ParkedNotFound(NotFound):
    """Nothing is parked under this id."""


class NotReplayable(Conflict):
    """It can't be tried again."""


class NotDiscardable(Conflict):
    """It is closed already."""

    fix = "Do nothing more; it was settled or let go."


class NotStopped(NotFound):
    """This is not stopped."""


class Since:
    """Parked since then."""

    type = DateTime()

    def in_(self, moments: Sequence[datetime]) -> ColumnElement[bool]:
        return col(Parked.first_failed_at) >= min(moments)


PARKED = Register(
    Parked,
    by=[Parked.id],
    filters={
        "state": Parked.state,
        "topic": Parked.topic,
        "type": Parked.type,
        "source": Parked.source,
        "code": Parked.code,
        "since": Since(),
    },
    without=[Parked.key, Parked.value, Parked.headers],
)


class ParkedSummary(View):
    """A record that could not be handled. `ours`: the fault is ours, and its publisher was not told."""

    id: UUID
    state: State
    source: MaskedText | None
    event_id: MaskedText | None
    type: MaskedText | None
    topic: str
    partition: int
    offset: int = Field(validation_alias="record_offset")
    record_at: datetime
    code: str
    pointer: MaskedText | None
    message: MaskedText
    ours: bool
    attempts: int
    replays: int
    first_failed_at: datetime
    last_failed_at: datetime
    closed_at: datetime | None
    correlation: MaskedText | None


class ParkedView(ParkedSummary):
    """What is known of it without its bytes. `allowed`: what can be done with it."""

    key_bytes: int | None = Field(description="size of the key")
    value_bytes: int | None = Field(description="size of the value; null: it has none, or they are not kept any more")
    header_names: list[MaskedText]
    bytes_kept_until: datetime
    allowed: list[str]


class Which(Body):
    """Parked records that wait for somebody: those that fit everything that is said here."""

    topic: str | None = None
    type: str | None = None
    source: str | None = None
    code: str | None = None
    since: Moment | None = None
    limit: int = Field(100, ge=1, le=MOST_AT_ONCE, description="so many at the most, the oldest first")
    dry_run: bool = Field(False, description="only say which")


class Chosen(View):
    """The records that will be tried again; with `dry_run`, that would be."""

    ids: list[UUID]
    requested: int


class Stop(View):
    """A topic that is not consumed: most of its records failed for a fault of ours; or, as `topic/partition`, records are gone unread."""

    topic: str
    reason: str
    since: datetime


class Stops(View):
    items: list[Stop]


def steps(row: Parked, at: datetime) -> tuple[str, ...]:
    """What can be done with it."""
    if row.state not in (State.OPEN, State.REQUESTED):
        return ()
    able = row.state is State.OPEN and row.replays < MOST_REPLAYS and at < row.first_failed_at + BYTES_KEPT
    return ("replay", "discard") if able else ("discard",)


def shown(row: Parked, at: datetime) -> ParkedView:
    facts = {name: getattr(row, name) for name in Parked.model_fields}
    sizes = {f"{name}_bytes": None if facts[name] is None else len(facts[name]) for name in ("key", "value")}
    return ParkedView(
        **facts,
        **sizes,
        header_names=[name for name, _ in row.headers],
        bytes_kept_until=row.first_failed_at + BYTES_KEPT,
        allowed=list(steps(row, at)),
    )


async def found(session: AsyncSession, parked_id: UUID, *, lock: bool = False) -> Parked:
    row = await session.get(Parked, parked_id, with_for_update=lock)
    if row is None:
        raise ParkedNotFound
    return row


SHEET = Sheet(
    "parked", "待处理消息登记表", "parked.read", PARKED, ParkedSummary,
    columns={
        "first_failed_at": "首次失败时间", "last_failed_at": "最近失败时间", "state": "状态", "code": "原因代码", "message": "原因", "pointer": "字段",
        "ours": "系统原因", "type": "消息类型", "source": "来源系统", "event_id": "消息编号", "topic": "主题", "partition": "分区", "offset": "位置",
        "record_at": "消息时间", "attempts": "处理次数", "replays": "重试次数", "closed_at": "关闭时间", "correlation": "关联编号", "id": "系统编号",
    },
)  # fmt: skip


@parked.get("", response_model=Page[ParkedSummary], dependencies=[allow("parked.read")], responses=TABLES | problems())
async def list_parked(session: Session, asked: Annotated[Asked, Depends(PARKED)], answer: Answer) -> Any:
    """What could not be handled, the newest first."""
    return await answer(SHEET, session, asked)


@parked.post("/replay", response_model=Chosen, dependencies=[allow("parked.act")], responses=problems())
async def replay_parked(body: Which, session: Session, staff: Staff, now: Now) -> Any:
    """Ask the worker to try again all that wait, by what they have in common; up to 1000 at once."""
    asked = [
        col(getattr(Parked, name)) == value for name in ("topic", "type", "source", "code") if (value := getattr(body, name)) is not None
    ]
    if body.since:
        asked.append(col(Parked.first_failed_at) >= body.since)
    able = col(Parked.state) == State.OPEN, col(Parked.replays) < MOST_REPLAYS, col(Parked.first_failed_at) > now - BYTES_KEPT
    chosen = query(Parked.id).where(*able, *asked).order_by(col(Parked.id)).limit(body.limit).with_for_update(skip_locked=True)
    ids = (await session.exec(chosen)).all()
    if not body.dry_run and ids:
        await (await driver_of(session)).execute("UPDATE parked SET state = 'requested' WHERE id = ANY($1::uuid[])", ids)
        await record(session, "parked_replay_requested", by=staff.sub, at=now, **of_these("parked", ids))
    return {"ids": ids, "requested": 0 if body.dry_run else len(ids)}


@parked.get("/{parked_id}", response_model=ParkedView, dependencies=[allow("parked.read")], responses=problems(ParkedNotFound))
async def show_parked(parked_id: UUID, session: Session, now: Now) -> Any:
    """One record: why it could not be handled, where it stands, how large it is."""
    return shown(await found(session, parked_id), now)


@parked.post(
    "/{parked_id}/replay", response_model=ParkedView, dependencies=[allow("parked.act")], responses=problems(ParkedNotFound, NotReplayable)
)
async def replay_one(parked_id: UUID, session: Session, staff: Staff, now: Now) -> Any:
    """Ask the worker to try it again, within a second or two; five times at the most, and as long as its bytes are kept."""
    row = await found(session, parked_id, lock=True)
    able = steps(row, now)
    if "replay" not in able:
        raise NotReplayable(hindrance(row, now), allowed=able)
    row.state = State.REQUESTED
    await record(session, "parked_replay_requested", by=staff.sub, about=f"parked:{row.id}", at=now)
    return shown(row, now)


@parked.post(
    "/{parked_id}/discard",
    response_model=ParkedView,
    dependencies=[allow("parked.act")],
    responses=problems(ParkedNotFound, NotDiscardable),
)
async def discard_one(parked_id: UUID, session: Session, staff: Staff, now: Now) -> Any:
    """Let it go. It stays on the list of the discarded for 90 days."""
    row = await found(session, parked_id, lock=True)
    if "discard" not in steps(row, now):
        raise NotDiscardable(f"It is {row.state} already.", allowed=())
    row.state, row.closed_at = State.DISCARDED, now
    await record(session, "parked_discarded", by=staff.sub, about=f"parked:{row.id}", at=now)
    return shown(row, now)


def hindrance(row: Parked, at: datetime) -> str:
    if row.state is State.REQUESTED:
        return "Somebody has asked for that already; the worker will try it."
    if row.state is not State.OPEN:
        return f"It is {row.state} already."
    if row.replays >= MOST_REPLAYS:
        return f"It was tried {row.replays} times and is not tried any more."
    return f"Its bytes were kept for {BYTES_KEPT.days} days and are gone; let its publisher send it again."


@stopped.get("", response_model=Stops, dependencies=[allow("parked.read")], responses=problems())
async def list_stopped(session: Session) -> Any:
    """What this service does not consume, and why."""
    rows = await (await session.connection()).execute(STOPPED.select().order_by(STOPPED.c.since, STOPPED.c.topic))
    return {"items": [row._mapping for row in rows]}


@stopped.post("/{topic:path}/resumption", response_model=Stops, dependencies=[allow("parked.act")], responses=problems(NotStopped))
async def resume_topic(topic: str, session: Session, staff: Staff, now: Now) -> Any:
    """Let it go on; the workers notice within a second or two. A gap goes on with the earliest record that is left."""
    rows = await (await session.connection()).execute(STOPPED.select().where(STOPPED.c.topic == topic).with_for_update())
    items = [row._mapping for row in rows]
    if not items:
        raise NotStopped("This is not stopped; GET /v1/stopped shows what is.")
    await stops.resume(await driver_of(session), topic)
    await record(session, "resumed", by=staff.sub, about=f"topic:{topic}", at=now)
    return {"items": items}
