"""The audit trail: who did or saw what, of whom, why and when; one chain of lines in each service's database.

A line is written in the transaction that it tells of, so there is neither a deed without its line nor a line without its deed. The database
numbers and chains the lines (`shared/migrations/audit_0001.py`): each carries the hash of the one before it, and nobody changes or removes one
unseen. Giving a line its place takes a lock until the commit, so lines are written last of all: rows → new rows → keys → outbox → audit.
Ids, codes and counts only. A line outlives whom it is about, and must not know them.
"""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from itertools import islice
from typing import Any, Required, TypedDict, Unpack

import orjson
from asyncpg import Connection
from sqlalchemy import BigInteger, Index, event
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.ext.asyncio import AsyncEngine
from sqlalchemy.orm import Session, SessionTransaction
from sqlmodel import Field
from sqlmodel.ext.asyncio.session import AsyncSession

from shared.database import transaction
from shared.entities import Timestamp
from shared.outbox import Cause
from shared.plumbing import Plumbing

WRITE = """
INSERT INTO audit (at, by, action, about, purpose, fields, unit, outcome, facts, correlation)
VALUES ($1, $2, $3, $4, $5, $6::text::jsonb, $7, $8, $9::text::jsonb, $10)"""
DONE, REFUSED = "done", "refused"
MOST_NAMED = 100  # things that a line about many names
Line = dict[str, Any]


class Said(TypedDict, total=False):
    """What a line says besides what was done."""

    by: Required[str]  # staff id, system, `cli:<OS user>`
    about: Required[str]  # customer:<id>, complaint:<id>, parked:<id>, …
    at: Required[datetime]
    purpose: str | None  # a code
    fields: Sequence[str]  # which were seen
    unit: str | None
    outcome: str
    facts: Mapping[str, Any] | None  # codes and counts
    correlation: str | None


class Audit(Plumbing, table=True):
    """A line of the trail. What the database gives it, nobody else can say: its number, its own moment, and both hashes."""

    __table_args__ = (
        Index("audit_by", "by", "seq"),
        Index("audit_action", "action", "seq"),
        Index("audit_about", "about", "seq"),
        Index("audit_purpose", "purpose", "seq"),
        Index("audit_unit", "unit", "seq"),
        Index("audit_at", "at", "seq"),
        Index("audit_correlation", "correlation", "seq"),
    )
    seq: int = Field(primary_key=True, sa_type=BigInteger)  # from 1, without a gap
    recorded_at: datetime = Field(sa_type=Timestamp)  # the database's clock
    at: datetime = Field(sa_type=Timestamp)  # ours
    by: str
    action: str  # a code
    about: str
    purpose: str | None = None
    fields: list[str] = Field(default_factory=list, sa_type=JSONB)
    unit: str | None = None
    outcome: str = DONE
    facts: dict[str, Any] = Field(default_factory=dict, sa_type=JSONB)
    correlation: str | None = None
    previous: bytes  # hash of the line before
    hash: bytes


def line(action: str, **said: Unpack[Said]) -> Line:
    more = {"purpose": None, "unit": None, "outcome": DONE, "correlation": None, **said}
    return more | {"action": action, "fields": list(said.get("fields", ())), "facts": dict(said.get("facts") or {})}


def of_these(kind: str, ids: Collection[object]) -> dict[str, Any]:
    """What a line is about that tells of several things at once: `parked:<id>` of one, otherwise `parked` with how many, and the first of them."""
    if len(ids) == 1:
        return {"about": f"{kind}:{next(iter(ids))}"}
    return {"about": kind, "facts": {"count": len(ids), "ids": [str(id) for id in islice(sorted(ids, key=str), MOST_NAMED)]}}


async def record(session: AsyncSession, action: str, **said: Unpack[Said]) -> None:
    """One line, true together with the session's transaction; it is written when that commits, after everything else."""
    cause: Cause = session.info.get("cause") or Cause()
    said.setdefault("correlation", cause.correlation)
    within = session.sync_session.get_nested_transaction()
    session.info.setdefault("audit", []).append((within, line(action, **said)))


async def record_refusal(engine: AsyncEngine, cause: Cause | None, action: str, **said: Unpack[Said]) -> None:
    """What was refused leaves its trace in a transaction of its own: the one that it was refused in is undone."""
    said.setdefault("outcome", REFUSED)
    async with transaction(engine, cause) as session:
        await record(session, action, **said)


async def write(connection: Connection, *lines: Line) -> None:
    """Last in a transaction of a connection without a session, as an operator's command has it."""
    for it in lines:
        fields, facts = (orjson.dumps(it[name]).decode() for name in ("fields", "facts"))
        about = it["about"], it["purpose"], fields, it["unit"]
        await connection.execute(WRITE, it["at"], it["by"], it["action"], *about, it["outcome"], facts, it["correlation"])


@event.listens_for(Session, "before_commit")
def _write_last(session: Session) -> None:
    """After the flush, the keys and the outbox. A savepoint is no commit."""
    if session.in_nested_transaction():
        return
    for _, it in session.info.pop("audit", ()):
        session.connection().execute(INTO, it)


@event.listens_for(Session, "after_soft_rollback")
def _forget(session: Session, undone: SessionTransaction) -> None:
    """What was undone was not done; what came before a savepoint stands."""
    said = session.info.pop("audit", ())
    session.info["audit"] = [it for it in said if undone.nested and not is_within(it[0], undone)]


def is_within(inner: SessionTransaction | None, outer: SessionTransaction) -> bool:
    while inner is not None and inner is not outer:
        inner = inner.parent
    return inner is outer


INTO = Audit.__table__.insert().inline()  # type: ignore[attr-defined]
