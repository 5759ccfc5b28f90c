"""The entities of one batch. Whoever asks for the same one gets the same one, also when it was made a moment ago."""

from collections import defaultdict
from collections.abc import Collection, Iterable
from operator import itemgetter
from typing import Any

from asyncpg import Connection

from shared.bulk import Columns, rows_of
from shared.entities import Entity, changed
from shared.reactions import Need

Kind = type[Entity]
Mark = tuple[int, int]


class NotRead(Exception):
    """An earlier event of the batch led to an entity that was not read; alone, the event will find it."""


class Raced(Exception):
    """Somebody committed between two of our reads: one says that it is there and the other that it is not. Read again, they agree."""


class Shelf:
    def __init__(self) -> None:
        self.known: dict[tuple[Kind, Any], Entity] = {}
        self.read: list[Entity] = []
        self.made: list[Entity] = []
        self.gone: list[Entity] = []
        self.placed: set[Entity] = set()  # read or made
        self.locked: set[Kind] = set()
        self.asked: dict[Kind, dict[Columns, set[Any]]] = defaultdict(lambda: defaultdict(set))
        self.indexes: dict[Kind, dict[Columns, dict[Any, list[Entity]]]] = defaultdict(dict)
        self.filed: dict[Entity, dict[Columns, Any]] = {}  # where each stands in the indexes

    async def fetch(self, connection: Connection, wanted: Iterable[tuple[Need, Any]]) -> None:
        """Read and lock what a batch needs: one statement for each kind, kinds by name, rows by primary key."""
        keys: dict[Kind, dict[Columns, set[Any]]] = defaultdict(lambda: defaultdict(set))
        by_need: dict[Need, set[Any]] = defaultdict(set)
        for need, key in wanted:
            by_need[need].update(key) if need.several else by_need[need].add(key)
        for need, found in by_need.items():
            if need.lock:
                self.locked.add(need.entity)
            asked = self.asked[need.entity][need.columns]
            if new := found - asked - {None}:
                asked |= new
                keys[need.entity][need.columns] |= new
        for kind in sorted(keys, key=lambda kind: kind.__name__):
            for columns in keys[kind]:
                if columns not in self.indexes[kind]:
                    self.indexes[kind][columns] = {}
                    for it in [*self.read, *self.made]:
                        if type(it) is kind:
                            self.file(it, columns)
            for it in await rows_of(kind).read(connection, keys[kind], lock=kind in self.locked):
                name = (kind, rows_of(kind).identity(it.__dict__))
                if name not in self.known:
                    self.known[name] = it
                    self.placed.add(it)
                    self.read.append(it)
                    self.index(it)

    def find(self, need: Need, key: Any) -> Any:
        asked, index = self.asked[need.entity][need.columns], self.indexes[need.entity].get(need.columns, {})
        found: list[Entity] = []
        for it in key if need.several else (key,):
            if it is None:
                continue
            here = index.get(it)
            if here is None and it not in asked:
                raise NotRead(f"{need.entity.__name__} by {', '.join(need.columns)}")
            found += here or ()
        if need.single:
            return found[0] if found else None
        return list(dict.fromkeys(found)) if need.several else found

    def remember(self, it: Entity) -> None:
        """What is new will be found by the events that follow; what is known stays where it is."""
        if it in self.placed:
            return
        name = (type(it), rows_of(type(it)).identity(it.__dict__))
        known = self.known.setdefault(name, it)
        if known is not it and known in self.read:
            raise Raced(type(it).__name__)
        if known is not it:
            raise ValueError(f"{type(it).__name__} is made a second time; a reaction that may make it must also need it")
        self.placed.add(it)
        self.made.append(it)
        self.index(it)

    def forget(self, it: Entity) -> None:
        del self.known[type(it), rows_of(type(it)).identity(it.__dict__)]
        self.unindex(it)
        self.gone.append(it)

    def moved(self, it: Entity) -> None:
        """A value by which it is found may have changed."""
        for columns, key in self.filed.get(it, {}).items():
            if key != values_of(it, columns):
                self.unindex(it)
                self.index(it)
                return

    def mark(self) -> Mark:
        return len(self.made), len(self.gone)

    def back_to(self, mark: Mark) -> None:
        """Undo what was made and forgotten since. What was changed, its owner undoes."""
        made, gone = mark
        for it in self.gone[gone:]:
            self.known[type(it), rows_of(type(it)).identity(it.__dict__)] = it
            self.index(it)
        for it in self.made[made:]:
            self.known.pop((type(it), rows_of(type(it)).identity(it.__dict__)), None)
            self.placed.discard(it)
            self.unindex(it)
        del self.gone[gone:], self.made[made:]

    async def save(self, connection: Connection) -> None:
        gone = set(self.gone)
        for kind, rows in grouped(it for it in self.read if it in gone):
            await rows_of(kind).delete(connection, rows)
        for kind, rows in grouped(it for it in self.made if it not in gone):
            in_order = sorted(rows, key=rows_of(kind).place)  # two workers that make the same rows wait for each other, not both for both
            await rows_of(kind).insert(connection, in_order)
        for kind, rows in grouped(it for it in self.read if changed(it) and it not in gone):
            await rows_of(kind).update(connection, rows)

    def index(self, it: Entity) -> None:
        for columns in self.indexes[type(it)]:
            self.file(it, columns)

    def file(self, it: Entity, columns: Columns) -> None:
        key = values_of(it, columns)
        self.indexes[type(it)][columns].setdefault(key, []).append(it)
        self.filed.setdefault(it, {})[columns] = key

    def unindex(self, it: Entity) -> None:
        for columns, key in self.filed.pop(it, {}).items():
            self.indexes[type(it)][columns][key].remove(it)


def values_of(it: Entity, columns: Columns) -> Any:
    return itemgetter(*columns)(it.__dict__)


def grouped(entities: Iterable[Entity]) -> list[tuple[Kind, list[Entity]]]:
    groups: dict[Kind, list[Entity]] = defaultdict(list)
    for it in entities:
        groups[type(it)].append(it)
    return sorted(groups.items(), key=lambda group: group[0].__name__)


def present(found: Any) -> Collection[Entity]:
    """What a need found, as a list."""
    return found if isinstance(found, list) else () if found is None else (found,)
