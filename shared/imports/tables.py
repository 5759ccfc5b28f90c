"""An import: whose spreadsheet comes in as what, how far it is, and what may be done with it. Its file lies in pieces until it is read, then its rows here."""

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, Index, Integer, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import registry
from sqlmodel import Field

from shared.entities import Entity, Timestamp, codes
from shared.errors import Conflict, NotFound, Refused
from shared.imports.kind import Existing

KEPT = timedelta(days=30)  # what rows said, and what it takes to undo them


class Imported(Entity, registry=registry()):
    """Tables of the services that take spreadsheets in; a registry apart from every service's."""


class State(StrEnum):
    AWAITING_FILE = "awaiting_file"
    READING = "reading"
    MAPPING_NEEDED = "mapping_needed"  # `questions` say what is not clear; the file need not be sent again
    CHECKING = "checking"
    CHECKED = "checked"
    APPLYING = "applying"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"
    REVERSING = "reversing"
    REVERSED = "reversed"


UNTOUCHED = State.AWAITING_FILE, State.READING, State.MAPPING_NEEDED, State.CHECKING, State.CHECKED  # nothing is changed yet
WORK = State.CHECKING, State.APPLYING, State.REVERSING  # of the rounds
READ = State.MAPPING_NEEDED, State.CHECKING, State.CHECKED  # its rows are there
NEXT = {
    State.AWAITING_FILE: ("file", "cancellation"), State.READING: ("cancellation",), State.MAPPING_NEEDED: ("mapping", "file", "cancellation"),
    State.CHECKING: ("cancellation",), State.CHECKED: ("application", "mapping", "file", "cancellation"), State.APPLYING: ("cancellation",),
    State.DONE: ("reversal",), State.FAILED: ("reversal",), State.CANCELLED: ("reversal",),
}  # fmt: skip


class RowState(StrEnum):
    """What became of a row, or what will when it is only checked."""

    WAITING = "waiting"
    CREATED = "created"
    UPDATED = "updated"
    SKIPPED = "skipped"
    FAILED = "failed"
    UNDONE = "undone"
    KEPT = "kept"


class ImportNotFound(NotFound):
    """There is no such import."""

    fix = "Take the id as /v1/imports has it."


class NotAtThisStep(Conflict):
    """The import is at another step."""


class RowsFailed(Conflict):
    """All or nothing was asked for, and not all of it can be taken in."""

    fix = "Mend the rows (GET /v1/imports/{import_id}/rows?state=failed) and send the file again, or begin an import without `whole`."


class WiderThanYou(Refused):
    """It may be about units that you do not see."""

    fix = "Ask whoever began it, or somebody who sees all units."


class Forgotten(Conflict):
    """What its rows said is kept for 30 days, and they are over."""

    fix = "Change the things one by one."


class Import(Imported, table=True):
    """`own` and `units`: what whoever asked may see, null for all; `position`: the last row that the pass under way has looked at;
    `reached`: the last one that was applied; `looking`: a reversal that first only looks. `held_by`, `held_until`, `tries`: see `shared/leased.py`."""

    __tablename__ = "import"
    __table_args__ = (
        Index("import_asked_at", "asked_at", "id"),
        Index("import_kind", "kind", "asked_at", "id"),
        Index("import_state", "state", "asked_at", "id"),
        Index("import_asked_by", "asked_by", "asked_at", "id"),
        Index("import_to_forget", "asked_at", postgresql_where=text("NOT forgotten")),
    )
    id: UUID = Field(primary_key=True)
    kind: str
    system: str
    existing: Existing = Field(sa_type=codes(Existing))
    whole: bool
    dry_run: bool
    plan: dict[str, Any] = Field(sa_type=JSONB)
    unit: str
    own: list[str] = Field(sa_type=JSONB)
    units: list[str] | None = Field(default=None, sa_type=JSONB(none_as_null=True))
    asked_by: str
    state: State = Field(default=State.AWAITING_FILE, sa_type=codes(State))
    questions: list[dict[str, Any]] = Field(default_factory=list, sa_type=JSONB)
    headings: list[str] = Field(default_factory=list, sa_type=JSONB)
    mapping: dict[str, list[str]] = Field(default_factory=dict, sa_type=JSONB)
    file_id: UUID | None = None
    bytes: int = Field(default=0, sa_type=BigInteger)
    pieces: int = Field(default=0, sa_type=Integer)
    rows: int = Field(default=0, sa_type=Integer)
    position: int = Field(default=0, sa_type=Integer)
    reached: int = Field(default=0, sa_type=Integer)
    checked: int = Field(default=0, sa_type=Integer)
    applied: int = Field(default=0, sa_type=Integer)
    created: int = Field(default=0, sa_type=Integer)
    updated: int = Field(default=0, sa_type=Integer)
    skipped: int = Field(default=0, sa_type=Integer)
    failed: int = Field(default=0, sa_type=Integer)
    undone: int = Field(default=0, sa_type=Integer)
    kept: int = Field(default=0, sa_type=Integer)
    looking: bool = False
    asked_at: datetime = Field(sa_type=Timestamp)
    began_at: datetime | None = Field(default=None, sa_type=Timestamp)  # to be applied
    ended_at: datetime | None = Field(default=None, sa_type=Timestamp)
    looked_at: datetime | None = Field(default=None, sa_type=Timestamp)
    forgotten: bool = False
    correlation: str | None = None
    version: int = Field(default=1, sa_type=Integer)
    held_by: UUID | None = None
    held_until: datetime | None = Field(default=None, sa_type=Timestamp)
    tries: int = Field(default=0, sa_type=Integer)

    @property
    def allowed(self) -> tuple[str, ...]:
        return () if self.state in (State.FAILED, State.CANCELLED) and not self.applied else NEXT.get(self.state, ())

    def only(self, *states: State, step: str) -> None:
        if self.state not in states:
            raise NotAtThisStep(f"It is {self.state}, and there is no {step} from there.", allowed=self.allowed)

    def within(self, units: Collection[str] | None) -> None:
        """Nobody changes through another's import what they could not through one of their own. `units`: those that they see, None: all."""
        if units is not None and (self.units is None or not {*self.units} <= {*units}):
            raise WiderThanYou

    def goes(self, state: State, *, questions: Sequence[dict[str, Any]] = ()) -> None:
        """On to a state; whoever reads the file loses it."""
        self.state, self.questions, self.position = state, list(questions), 0
        self.held_by = self.held_until = self.looked_at = None
        self.version += 1

    def check(self) -> None:
        self.checked = self.created = self.updated = self.skipped = self.failed = 0
        self.goes(State.CHECKING)

    def apply(self, at: datetime) -> None:
        self.only(State.CHECKED, step="application")
        if self.whole and self.failed:
            raise RowsFailed(
                f"{self.failed} rows can't be taken in, and all or nothing was asked for.", allowed=("mapping", "file", "cancellation")
            )
        self.reached = self.applied = self.created = self.updated = self.skipped = self.failed = 0
        self.began_at = at
        self.goes(State.APPLYING)

    def reverse(self, *, keep_changed: bool) -> None:
        """From the last row that was applied back to the first."""
        self.only(State.DONE, State.FAILED, State.CANCELLED, step="reversal")
        if not self.applied:
            raise NotAtThisStep("It has changed nothing, so there is nothing to undo.")
        if self.forgotten:
            raise Forgotten
        self.undone = self.kept = 0
        self.goes(State.REVERSING)
        self.position, self.looking = self.reached + 1, not keep_changed

    def call_off(self, at: datetime) -> None:
        self.only(*UNTOUCHED, State.APPLYING, step="cancellation")
        self.ended_at = at
        self.goes(State.CANCELLED)


class ImportRow(Imported, table=True):
    """`raw`: its cells, until it went through; a cell about which there is a word is a list of both. `before`: what it takes to undo it."""

    __tablename__ = "import_row"
    __table_args__ = (
        Index("import_row_state", "import_id", "state", "number"),
        Index("import_row_key", "import_id", "key", "number", postgresql_where=text("key IS NOT NULL")),
        Index("import_row_named", "named_id", postgresql_where=text("raw IS NOT NULL OR before IS NOT NULL")),
    )
    import_id: UUID = Field(primary_key=True)
    number: int = Field(primary_key=True, sa_type=Integer)
    state: RowState = Field(default=RowState.WAITING, sa_type=codes(RowState))
    key: UUID | None = None
    raw: list[Any] | None = Field(default=None, sa_type=JSONB(none_as_null=True))
    thing_id: UUID | None = None
    named_id: UUID | None = None
    before: Any = Field(default=None, sa_type=JSONB(none_as_null=True), nullable=True)
    reasons: list[dict[str, Any]] | None = Field(default=None, sa_type=JSONB(none_as_null=True))


class ImportMapping(Imported, table=True):
    """How a spreadsheet with these headings was understood the last time."""

    __tablename__ = "import_mapping"
    id: UUID = Field(primary_key=True)
    plan: dict[str, Any] = Field(sa_type=JSONB)
    unit: str
    asked_by: str
    at: datetime = Field(sa_type=Timestamp)
