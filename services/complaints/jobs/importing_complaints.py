"""Complaints of the past out of a file: they come as they stood, with their words and clocks, and nobody is told.

What came by a file is changed and taken back by files only as long as nobody has worked on it.
"""

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, TypeVar
from uuid import UUID

from pydantic import TypeAdapter

from services.complaints.domain import past
from services.complaints.domain.clock import Watch
from services.complaints.domain.complaint import Complaint
from services.complaints.domain.known_customer import KnownCustomer
from services.complaints.domain.living import Lives
from services.complaints.domain.note import Note
from services.complaints.domain.past import Told
from services.complaints.domain.policy import Trade
from services.complaints.domain.task import Task
from services.complaints.jobs.importing_columns import FIELDS
from shared.imports.kind import Became, Chunk, Existing, Row
from shared.known import whom
from shared.outbox import Cause
from shared.outcome import Gone
from shared.reactions import among
from shared.units import Units

Kind = TypeVar("Kind", Note, Task, Watch)
TOLD: TypeAdapter[Told] = TypeAdapter(Told)
THERE = "It is there already."
SAME = "It is there already, as the row says."
WORKED_ON = "Somebody has worked on it since it was imported."
LATER = "A later import has changed it."
ERASED_SINCE = "Its customer was erased since, and what it said before with them."
NO_UNIT = "The company has no such unit, or you do not see it."
NOT_SEEN = "It belongs to a unit that you do not see."


@dataclass(slots=True)
class Around:
    """What there is of some complaints, and of the customers that the rows name."""

    complaints: dict[UUID, Complaint]
    customers: dict[UUID, KnownCustomer]
    notes: dict[str, list[Note]] = field(default_factory=dict)
    tasks: dict[str, list[Task]] = field(default_factory=dict)
    clocks: dict[str, list[Watch]] = field(default_factory=dict)
    followed: Collection[str] = ()  # those that another complaint goes back to

    def whom(self, id: UUID) -> KnownCustomer:
        """The same for all rows of a customer."""
        return self.customers.setdefault(id, whom(KnownCustomer, self.customers.get(id), id))


class Complaints:
    """`trade_of`: what the units' profiles say, read when the first row comes."""

    name, title, needs_system, fields = "complaints", "Complaints", True, FIELDS

    def __init__(self, trade_of: Callable[[Units, Path | None], Trade]) -> None:
        self._trade_of = trade_of
        self._read: tuple[Units, Lives] | None = None

    def key(self, values: Mapping[str, Any], system: str) -> str:
        return f"{system}/{values['id']}"

    async def take(self, chunk: Chunk) -> None:
        """Judge each row, and take in what it tells."""
        lives = self.lives(chunk)
        told = {row.number: Told(**row.values) for row in chunk.rows}
        names = [past.named_id(chunk.system, it) for it in told.values()]
        found = await around(chunk, {past.complaint_id(chunk.system, it.id) for it in told.values()}, names)
        for row in chunk.rows:
            take(chunk, row, told[row.number], found, lives)

    async def undo(self, chunk: Chunk) -> None:
        """What nobody has worked on goes, or stands as it stood before."""
        lives = self.lives(chunk)
        ids = {row.thing_id for row in chunk.rows if row.thing_id}
        found = await around(chunk, ids, (), following=[f"complaint:{id}" for id in ids])
        for row in chunk.rows:
            it = found.complaints.get(row.thing_id) if row.thing_id else None
            if it is None:
                chunk.undone(row)
            elif why := left_alone(it, row, chunk, found):
                chunk.kept(row, why)
            else:
                if row.before is None:
                    clear(chunk, it, found)
                    chunk.keep([Gone(it)])
                else:
                    who = found.whom(it.named_id)
                    rewrite(chunk, it, TOLD.validate_python(row.before["told"]), who, UUID(row.before["import_id"]), found, lives)
                chunk.undone(row)

    def lives(self, chunk: Chunk) -> Lives:
        if self._read is None or self._read[0] is not chunk.units:
            self._read = chunk.units, Lives(self._trade_of(chunk.units, chunk.means.config))
        return self._read[1]


async def around(chunk: Chunk, ids: Collection[UUID], names: Collection[UUID], *, following: Collection[str] = ()) -> Around:
    """Kinds in the order of their names. What hangs on complaints is read only of those that are there. `following`: of these, whether others came."""
    lock = not chunk.dry
    others = [(among(Complaint, follows=nothing, lock=lock), following)] if following else []
    await chunk.shelf.fetch(chunk.connection, [(among(Complaint, id=nothing, lock=lock), ids), *others])
    complaints = {it.id: it for it in chunk.of(Complaint) if it.id in ids}
    abouts = [it.about for it in complaints.values()]
    wanted: list[Any] = [(among(KnownCustomer, id=nothing, lock=lock), {*names, *(it.named_id for it in complaints.values())})]
    if abouts:
        wanted += [(among(kind, about=nothing, lock=lock), abouts) for kind in (Note, Task, Watch)]
    await chunk.shelf.fetch(chunk.connection, wanted)
    return Around(
        complaints, {it.id: it for it in chunk.of(KnownCustomer)}, by_about(chunk.of(Note)), by_about(chunk.of(Task)), by_about(chunk.of(Watch)),
        {it.follows for it in chunk.of(Complaint) if it.follows},
    )  # fmt: skip


def nothing(_: Any) -> Any:
    """Keys are told beside."""


def by_about(found: Iterable[Kind]) -> dict[str, list[Kind]]:
    told: dict[str, list[Kind]] = {}
    for it in found:
        told.setdefault(it.about, []).append(it)
    return told


# -- a row


def take(chunk: Chunk, row: Row, told: Told, found: Around, lives: Lives) -> None:
    it = found.complaints.get(past.complaint_id(chunk.system, told.id))
    if it is not None:
        change(chunk, row, it, found, lives)
        return
    who = found.whom(past.named_id(chunk.system, told))
    unit = unit_of(chunk, told)
    if not fits(chunk, row, told, unit, who):
        return
    assert unit
    id = past.complaint_id(chunk.system, told.id)
    if not chunk.dry:
        new = Complaint(**past.facts(told, chunk.system, unit, who, trade=lives.trade), import_id=chunk.import_id, untouched=True)
        chunk.keep([new, who, *lives.of(new, chunk.at), *past.words(new, who, told)])
    chunk.created(row, id, named_id=who.id)


def change(chunk: Chunk, row: Row, it: Complaint, found: Around, lives: Lives) -> None:
    """It is there already; a file changes only what files have said."""
    named = past.named_id(chunk.system, Told(**row.values)) if row.values.get("customer_id") else it.named_id
    values = {name: told for name, told in row.values.items() if name != "customer_id"}
    if not chunk.scope.sees(it.unit):
        chunk.failed(row, "id", NOT_SEEN, "Leave the row out, or have it imported by somebody who sees that unit.", named_id=named)
    elif chunk.existing is Existing.SKIP:
        chunk.skipped(row, THERE, id=it.id, named_id=named)
    elif chunk.existing is Existing.FAIL:
        chunk.failed(row, "id", THERE, "Leave the row out, or import with `existing` as `update` or `skip`.", named_id=named)
    elif not it.untouched:
        chunk.failed(row, "id", WORKED_ON, "Leave the row out; what is to be changed is changed at the complaint itself.", named_id=named)
    else:
        before = past.told_of(it, said(it, found))
        told, who = past.merged(before, values), found.whom(named)
        unit = unit_of(chunk, told)
        if not fits(chunk, row, told, unit, who):
            return
        if (told, who.id) == (before, it.named_id):
            chunk.skipped(row, SAME, id=it.id, named_id=who.id)
            return
        kept = {"told": TOLD.dump_python(before, mode="json"), "import_id": str(it.import_id)}
        if not chunk.dry:
            rewrite(chunk, it, replace(told, unit=unit), who, chunk.import_id, found, lives)
        chunk.updated(row, it.id, before=kept, named_id=who.id)


def fits(chunk: Chunk, row: Row, told: Told, unit: str | None, who: KnownCustomer) -> bool:
    """Everything that is wrong is said at once."""
    if unit is None:
        chunk.failed(row, "unit", NO_UNIT, "Write a unit of ours, or leave the cell empty.", named_id=who.id)
    for wrong in past.contradictions(told, chunk.at):
        chunk.failed(row, wrong.field, wrong.message, wrong.fix, named_id=who.id)
    return row.number not in chunk.verdicts


def unit_of(chunk: Chunk, told: Told) -> str | None:
    """Where it belongs; None: a unit that whoever imports does not see."""
    if told.unit is None:
        return chunk.unit
    return told.unit if told.unit in chunk.units.units and chunk.scope.sees(told.unit) else None


def said(it: Complaint, found: Around) -> dict[str, str]:
    return {note.kind: note.text for note in ours(it, found)}


def ours(it: Complaint, found: Around) -> list[Note]:
    """The words that came with it; others' about it are theirs."""
    return [note for note in found.notes.get(it.about, ()) if note.kind in past.WORDS and note.partition < 0]


def left_alone(it: Complaint, row: Row, chunk: Chunk, found: Around) -> str | None:
    """Why it stays as it is; None: nobody has worked on it, written of it, or begun another that goes back to it."""
    if not it.untouched or it.about in found.followed or len(ours(it, found)) < len(found.notes.get(it.about, ())):
        return WORKED_ON
    if it.import_id != chunk.import_id:
        return LATER
    if row.became is Became.UPDATED and row.before is None:
        return ERASED_SINCE
    return None if chunk.scope.sees(it.unit) else NOT_SEEN


def rewrite(chunk: Chunk, it: Complaint, told: Told, who: KnownCustomer, by: UUID, found: Around, lives: Lives) -> None:
    """As this says; the clocks that it has now would have run another way."""
    assert told.unit
    clear(chunk, it, found)
    for name, value in (past.facts(told, it.source, told.unit, who, trade=lives.trade) | {"import_id": by}).items():
        if getattr(it, name) != value:
            setattr(it, name, value)
    chunk.keep([who, *lives.of(it, chunk.at), *past.words(it, who, told)])


def clear(chunk: Chunk, it: Complaint, found: Around) -> None:
    """Without its clocks, words and tasks. Whoever was told that it is late need not be told any more."""
    clocks, tasks = found.clocks.pop(it.about, []), found.tasks.pop(it.about, [])
    for clock in clocks:
        chunk.keep([*clock.over(chunk.at)] if clock.is_alarming else [], Cause.of(clock))
    for task in tasks:
        chunk.keep(task.call_off(chunk.at))
    gone = [*clocks, *tasks, *ours(it, found)]
    found.notes.pop(it.about, None)
    chunk.keep([Gone(each) for each in gone])
