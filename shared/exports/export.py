"""An export: who wants which register as a file, how far it is, and what becomes of it.

The file lies in `stored_piece` under the export's id. It is what its asker could see when it was begun, and nobody else gets it.
"""

from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, Index, Integer, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field

from shared.entities import Timestamp, codes
from shared.errors import Conflict, NotFound, Refused
from shared.plumbing import Plumbing

FILE_KEPT = timedelta(hours=24)  # after it is done
KEPT = timedelta(days=30)  # after it was asked for
OPEN_AT_MOST = 5  # of one person
MOST_ROWS = {"csv": 5_000_000, "xlsx": 1_000_000}  # a sheet ends at 1,048,576


class State(StrEnum):
    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"
    FORGOTTEN = "forgotten"  # it was done, and its file is gone


OPEN = State.QUEUED, State.RUNNING
IS_OPEN = "state IN ('queued', 'running')"
IS_LITTER = "kept AND state NOT IN ('running', 'done')"  # pieces that nobody will fetch any more; of a queued one: it begins anew


class Because(StrEnum):
    """Why there is no file."""

    FAILED = "failed"
    TOO_LONG = "too_long"
    EXPIRED = "expired"
    ERASURE = "erasure"


class ExportNotFound(NotFound):
    """There is no such export of yours."""

    fix = "Take the id as /v1/exports has it; only whoever asked for an export sees it."


class TooManyOpen(Conflict):
    """You have as many exports under way as one person may."""

    fix = "Wait until one is done, or call one off with POST /v1/exports/{export_id}/cancellation."


class NoFileNow(Conflict):
    """There is no file to fetch."""


class AtAnEnd(Conflict):
    """It is at an end."""


class SeesLess(Refused):
    """The file holds units that you do not see any more."""

    fix = "Ask for the register anew, as you see it today."


class Export(Plumbing, table=True):
    """`kept`: there may be pieces of it; `units`: whose rows, null for all; `because` of an open one: somebody was erased since it was asked for, so the
    values of its filters go when it ends. `held_by`, `held_until`, `tries`: see `shared/leased.py`."""

    __tablename__ = "export"
    __table_args__ = (
        Index("export_theirs", "asked_by", "asked_at", "id"),
        Index("export_open", "asked_at", "id", postgresql_where=text(IS_OPEN)),
        Index("export_done", "ended_at", postgresql_where=text("state = 'done'")),
        Index("export_litter", "id", postgresql_where=text(IS_LITTER)),
        Index("export_asked_at", "asked_at"),
    )
    id: UUID = Field(primary_key=True)
    asked_by: str
    sheet: str  # the register's name
    format: str
    filters: dict[str, list[str]] = Field(sa_type=JSONB)
    encoding: str
    headings: str
    units: list[str] | None = Field(default=None, sa_type=JSONB(none_as_null=True))
    asks_as: list[str] = Field(sa_type=JSONB)  # roles: what is `mine` depends on them
    path: dict[str, str] = Field(sa_type=JSONB)  # which thing's, where the register is a thing's
    state: State = Field(default=State.QUEUED, sa_type=codes(State))
    because: Because | None = Field(default=None, sa_type=codes(Because))
    rows: int = Field(default=0, sa_type=Integer)
    rows_in_all: int | None = Field(default=None, sa_type=Integer)
    bytes: int = Field(default=0, sa_type=BigInteger)
    pieces: int = Field(default=0, sa_type=Integer)
    kept: bool = False
    asked_at: datetime = Field(sa_type=Timestamp)
    began_at: datetime | None = Field(default=None, sa_type=Timestamp)  # this and the next: by the database's clock
    ended_at: datetime | None = Field(default=None, sa_type=Timestamp)
    correlation: str | None = None
    held_by: UUID | None = None
    held_until: datetime | None = Field(default=None, sa_type=Timestamp)
    tries: int = Field(default=0, sa_type=Integer)

    @property
    def kept_until(self) -> datetime | None:
        return self.ended_at + FILE_KEPT if self.state is State.DONE and self.ended_at else None

    @property
    def told(self) -> dict[str, Any]:
        """For the audit trail: codes and counts."""
        return {"export": str(self.id), "format": self.format, "rows": self.rows if self.state is State.DONE else self.rows_in_all}

    def call_off(self, at: datetime) -> None:
        """Whoever writes it loses it, and stops at its next word."""
        if self.state not in OPEN:
            raise AtAnEnd(f"It is {self.state}, and there is nothing to call off.", allowed=("file",) if self.state is State.DONE else ())
        self.state, self.ended_at, self.held_by, self.held_until = State.CANCELLED, at, None, None
        if self.because:
            self.because, self.filters = None, {name: [] for name in self.filters}

    def to_fetch(self, units: frozenset[str] | None) -> None:
        """May its asker have it now, with these units?"""
        if self.state is not State.DONE:
            still = "it is not done yet" if self.state in OPEN else WHY.get(self.because or Because.FAILED, "") or f"it was {self.state}"
            raise NoFileNow(f"There is no file now: {still}.", allowed=("cancellation",) if self.state in OPEN else ())
        if units is not None and (self.units is None or not units.issuperset(self.units)):
            raise SeesLess


WHY = {
    Because.FAILED: "it could not be written, three times; ask again, or ask whoever operates this",
    Because.TOO_LONG: "the register grew beyond what a file may hold; narrow it by its filters and ask again",
    Because.EXPIRED: "a file is kept for 24 hours; ask for it again",
    Because.ERASURE: "somebody who may stand in it was erased; ask for it again",
}
