"""What can be imported: a kind says which columns its rows may have, and judges, does and undoes them a chunk at a time. The rest is the import's.

The same `take` judges (`chunk.dry`) and does: so what the check told is what happens, unless somebody changed the things meanwhile.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, Protocol
from uuid import UUID

from asyncpg import Connection

from shared.imports.reading_values import Reading
from shared.jobs import Batch
from shared.scope import Scope
from shared.service import Means
from shared.shelf import Shelf
from shared.units import Units


@dataclass(frozen=True, slots=True)
class Field:
    """A fact that a row may tell. Its headings are those by which a column is recognised; the first is the one that a template shows."""

    name: str
    read: Callable[[str, Reading], Any]  # never of an empty cell; raises Unreadable
    headings: tuple[str, ...]
    means: str  # one sentence, for whoever fills it in
    required: bool = False
    personal: bool = False
    example: str = ""


class Existing(StrEnum):
    """What becomes of a row whose thing is there already."""

    UPDATE = "update"
    SKIP = "skip"
    FAIL = "fail"


class Became(StrEnum):
    """What became of a row."""

    CREATED = "created"
    UPDATED = "updated"
    SKIPPED = "skipped"
    FAILED = "failed"
    UNDONE = "undone"
    KEPT = "kept"


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a row did not go through: in which field, what is wrong, what to write instead."""

    field: str | None
    message: str
    fix: str | None = None


@dataclass(slots=True, eq=False)
class Row:
    """A row of the file. `values`: every field that has a column or a constant; None where the cell is empty."""

    number: int  # as the spreadsheet counts; its headings are row 1
    values: dict[str, Any]
    thing_id: UUID | None = None  # what it became ...
    before: Any = None  # ... and what that was before, nothing if somebody was erased since; when it is undone
    became: Became | None = None  # by this import; when it is undone


@dataclass(slots=True)
class Verdict:
    """What a kind said of a row."""

    became: Became
    thing_id: UUID | None = None
    named_id: UUID | None = None
    before: Any = None
    reasons: list[Reason] = field(default_factory=list)


class Chunk(Batch):
    """Some rows, in one transaction. Every row gets one word: created, updated, skipped or failed; undone or kept.

    What is fetched with the shelf is locked and saved at the end, as in a batch of events; of a dry chunk nothing is saved."""

    def __init__(
        self, connection: Connection, rows: Sequence[Row], *, import_id: UUID, system: str, existing: Existing, dry: bool, scope: Scope, unit: str,
        by: str, at: datetime, means: Means,
    ) -> None:  # fmt: skip
        super().__init__(Shelf())
        self.connection, self.rows, self.means = connection, rows, means
        self.import_id = import_id
        self.system = system  # whose rows they are: `erp`, as in `erp/C-10023`
        self.existing, self.dry = existing, dry
        self.scope = scope  # what whoever imports may see; ask it before a thing of another unit is touched
        self.unit = unit  # where a row without a unit belongs
        self.by, self.at = by, at
        self.verdicts: dict[int, Verdict] = {}

    @property
    def units(self) -> Units:
        """Those of the company."""
        return self.means.units

    def created(self, row: Row, id: UUID, *, named_id: UUID | None = None, before: Any = None) -> None:
        """`named_id`: the customer whom it is about, as `customer_of` makes it; an erasure finds the row by it."""
        self.verdicts[row.number] = Verdict(Became.CREATED, id, named_id, before)

    def updated(self, row: Row, id: UUID, *, before: Any, named_id: UUID | None = None) -> None:
        """`before`: what it takes to undo it, as JSON."""
        self.verdicts[row.number] = Verdict(Became.UPDATED, id, named_id, before)

    def skipped(self, row: Row, why: str, *, id: UUID | None = None, named_id: UUID | None = None) -> None:
        self.verdicts[row.number] = Verdict(Became.SKIPPED, id, named_id, None, [Reason(None, why)])

    def failed(self, row: Row, field: str | None, message: str, fix: str | None = None, *, named_id: UUID | None = None) -> None:
        """Several for one row are told together."""
        reason = Reason(field, message, fix)
        there = self.verdicts.get(row.number)
        if there and there.became is Became.FAILED:
            there.reasons.append(reason)
        else:
            self.verdicts[row.number] = Verdict(Became.FAILED, None, named_id, None, [reason])

    def undone(self, row: Row) -> None:
        """It is as it was."""
        self.verdicts[row.number] = Verdict(Became.UNDONE)

    def kept(self, row: Row, why: str) -> None:
        """Somebody has worked on it since; it stays."""
        self.verdicts[row.number] = Verdict(Became.KEPT, row.thing_id, None, row.before, [Reason(None, why)])


class Kind(Protocol):
    @property
    def name(self) -> str: ...

    @property
    def title(self) -> str: ...

    @property
    def fields(self) -> Sequence[Field]: ...

    def key(self, values: Mapping[str, Any], system: str) -> str | None:
        """What makes a row the same thing again: the second of a file with one key fails before `take` sees it. None: it has none."""

    async def take(self, chunk: Chunk) -> None:
        """Judge each row; unless `chunk.dry`, keep what comes of it."""

    async def undo(self, chunk: Chunk) -> None:
        """Make things as they were before these rows (`thing_id`, `before`), or say that somebody has worked on one since."""
