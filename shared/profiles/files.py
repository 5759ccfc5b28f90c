"""The files of trade profiles: which there are, what stands in them, and what they are together with those that they extend."""

import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, time
from math import isfinite
from pathlib import Path
from typing import Annotated, Any

import orjson
from pydantic import Field, ValidationError

from shared.mistakes import Where, near
from shared.profiles.mistakes import Mistake, mistakes, shown
from shared.profiles.part import Part

SHIPPED = Path(__file__).parent / "trades"
Table = dict[str, Any]
Said = Annotated[str, Field(min_length=1)]


class File(Part):
    """A profile as it lies in one file: who decided it and why, and tables that are read with the models of their owners."""

    version: Annotated[int, Field(ge=1)]
    by: Said
    why: Said
    extends: str | None = None
    calendar: Table = {}  # noqa: RUF012
    complaints: Table = {}  # noqa: RUF012
    customers: Table = {}  # noqa: RUF012
    followup: Table = {}  # noqa: RUF012
    reception: Table = {}  # noqa: RUF012


TABLES = tuple(name for name in File.model_fields if name not in ("version", "by", "why", "extends"))


@dataclass(frozen=True, slots=True)
class Source:
    """Where a profile lies, and how mistakes call it."""

    name: str
    label: str
    path: Path


Sources = Mapping[str, Sequence[Source]]  # by the name of the profile; the first counts, the others can be extended by it


@dataclass(slots=True)
class Written:
    """A profile with all that it extends merged in."""

    name: str
    head: Table = field(default_factory=dict)  # of its own file
    tables: Table = field(default_factory=dict)
    origins: dict[Where, str] = field(default_factory=dict)  # which file says what stands there
    complete: bool = True  # nothing that it extends could not be read
    mistakes: list[Mistake] = field(default_factory=list)

    def file(self, where: Where) -> str:
        """The file in which the nearest thing to this place is written; its own where a key is missing."""
        while where not in self.origins:
            where = where[:-1]
        return self.origins[where]


def sources(config: Path | None, drafts: Sequence[Path] = ()) -> dict[str, list[Source]]:
    """All profiles that there are: drafts take the place of an operator's own, those the place of the shipped."""
    found: dict[str, list[Source]] = {}
    for path in sorted(SHIPPED.glob("*.toml")):
        found[path.stem] = [Source(path.stem, f"shared/profiles/trades/{path.name}", path)]
    own = [Source(path.stem, f"profiles/{path.name}", path) for path in sorted((config / "profiles").glob("*.toml"))] if config else []
    drawn = [Source(path.stem, str(path), path) for path in drafts]
    taken = {it.name for it in drawn}
    for source in [*(it for it in own if it.name not in taken), *drawn]:
        found[source.name] = [source, *(it for it in found.get(source.name, ()) if it.path.parent == SHIPPED)]
    return found


def whole(source: Source, among: Sources, below: tuple[Source, ...] = ()) -> Written:
    """The profile, merged: tables are merged, lists and values are replaced."""
    content, wrong = parsed(source.path, source.label)
    if content is None:
        return Written(source.name, origins={(): source.label}, complete=False, mistakes=wrong)
    try:
        File.model_validate_json(orjson.dumps(content), strict=True)
    except ValidationError as error:
        wrong += mistakes(error, File, content, lambda _: source.label)
    base = Written(source.name)
    if isinstance(extended := content.get("extends"), str):
        base = extension(extended, source, among, (*below, source))
    own = {name: table for name in TABLES if isinstance(table := content.get(name), dict)}
    origins = {**base.origins, (): source.label}
    return Written(
        source.name,
        head={name: value for name, value in content.items() if name not in TABLES},
        tables=merged(base.tables, own, origins, source.label),
        origins=origins,
        complete=base.complete,
        mistakes=[*wrong, *base.mistakes],
    )


def extension(extended: str, source: Source, among: Sources, path: tuple[Source, ...]) -> Written:
    """What a profile extends. Under its own name it means the shipped one whose place it takes."""
    there = among.get(extended, ())
    if extended == source.name:
        there = there[there.index(source) + 1 :]
    reason = ""
    if not there and extended == source.name:
        reason = "a profile extends its own name only where it takes the place of a shipped one"
    elif not there:
        reason = f"there is no such profile; {near(extended, [name for name in sorted(among) if name != source.name])}"
    elif there[0] in path:
        circle = [*(it.label for it in path[path.index(there[0]) :]), there[0].label]
        reason = f"profiles can't extend each other in a circle ({' -> '.join(circle)})"
    if reason:
        return Written(source.name, complete=False, mistakes=[Mistake(source.label, f"extends is {shown(extended)}: {reason}")])
    return whole(there[0], among, path)


def merged(below: Table, above: Table, origins: dict[Where, str], label: str, where: Where = ()) -> Table:
    result = dict(below)
    for name, value in above.items():
        here, under = (*where, name), below.get(name)
        if isinstance(value, dict) and isinstance(under, dict):
            result[name] = merged(under, value, origins, label, here)
        else:
            for gone in [it for it in origins if it[: len(here)] == here]:
                del origins[gone]
            result[name] = merged({}, value, origins, label, here) if isinstance(value, dict) else value
        origins[here] = label
    return result


def parsed(path: Path, label: str) -> tuple[Table | None, list[Mistake]]:
    """What stands in a TOML file, dates and times as text; or what is wrong with it."""
    try:
        return plain(tomllib.loads(path.read_text(encoding="utf-8"))), []
    except tomllib.TOMLDecodeError as error:
        found = re.fullmatch(r"(.*) \(at (.*)\)", str(error), re.DOTALL)
        reason, place = found.groups() if found else (str(error), "some place")
        return None, [Mistake(label, f"it is no TOML at {place}: {reason[:1].lower()}{reason[1:]}")]
    except RecursionError:
        return None, [Mistake(label, "it is nested too deeply")]
    except UnicodeDecodeError:
        return None, [Mistake(label, "it is not written in UTF-8")]
    except OSError as error:
        return None, [Mistake(label, f"it can't be read: {error.strerror or error}")]


def plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: plain(it) for name, it in value.items()}
    if isinstance(value, list):
        return [plain(it) for it in value]
    if isinstance(value, date | time):
        return value.isoformat()
    beyond = (isinstance(value, float) and not isfinite(value)) or (isinstance(value, int) and abs(value) >= 2**63)
    return str(value) if beyond else value  # JSON has no such numbers, and no model wants one
