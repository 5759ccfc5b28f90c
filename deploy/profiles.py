"""Trade profiles as an operator's commands look at them: all that is wrong with them, and how two of them differ."""

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

from deploy.local.databases import SERVICES
from deploy.local.place import run_folder
from shared.errors import NotFound, Refusal
from shared.profiles import files, reading
from shared.profiles.files import Source, Written
from shared.profiles.mistakes import Mistake, Where, near, written
from shared.profiles.part import Part


class NoSuchProfile(NotFound):
    """There is neither a file nor a profile of this name."""


class NoConfiguration(NotFound):
    """There is no such folder."""


class TakesOnePlace(Refusal):
    """Two files would be the same profile."""


class Mistaken(Refusal):
    """The profile can't be used."""


@dataclass(frozen=True, slots=True)
class Checked:
    profiles: int
    calendars: int
    notices: int
    mistakes: list[Mistake]


@dataclass(frozen=True, slots=True)
class Difference:
    """A key that is not the same on both sides; None where a side has none."""

    key: str
    old: Any
    new: Any
    what: str  # changed, added, gone


def parts() -> dict[str, type[Part]]:
    """Each service's part of a profile. Only the model is imported: a whole service would take a second."""
    return {name: import_module(f"services.{name}.domain.policy").Policy for name in SERVICES}


def config_folder(named: Path | None) -> Path | None:
    """The one that is named, else the environment's, else that of the system that runs here; none: only what is shipped."""
    asked = named or (Path(os.environ["CARELOOP_CONFIG"]) if os.environ.get("CARELOOP_CONFIG") else None)
    if asked is not None and not asked.is_dir():
        raise NoConfiguration(f"{asked} is no folder: --config, or CARELOOP_CONFIG, names the one with units.toml in it.")
    here = run_folder() / "config"
    return asked or (here if here.is_dir() else None)


def check(drafts: Sequence[Path], config: Path | None) -> Checked:
    """These files, or all that are shipped and all of the folder; with the calendars, units and notices that belong to them."""
    among = files.sources(config, drafts)
    wanted = [among[path.stem][0] for path in drafts] or [it[0] for it in among.values()]
    if doubled := next((path for path in drafts if [it.stem for it in drafts].count(path.stem) > 1), None):
        raise TakesOnePlace(f"More than one of these files would be the profile {doubled.stem}: check them one by one.")
    found = reading.look(parts(), config, wanted, among)
    wrong = [*reading.units(config, among, found.named), *found.mistakes]
    return Checked(len(wanted), len(found.named), len([*config.glob("holidays/*.toml")]) if config else 0, wrong)


def profile(named: str, config: Path | None) -> Written:
    """A file or a name, with all that it extends merged in; refused with all that is wrong with it."""
    path = Path(named)
    among = files.sources(config, [path] if named not in files.sources(config) and path.is_file() else [])
    source = among[path.stem][0] if path.is_file() and named not in among else among.get(named, [None])[0]
    if source is None:
        raise NoSuchProfile(f"There is neither a file nor a profile {named}; {near(named, sorted(among))}")
    return usable(source, among, config)


def usable(source: Source, among: files.Sources, config: Path | None) -> Written:
    found = reading.look(parts(), config, [source], among)
    if found.mistakes:
        raise Mistaken("\n".join(["The profile can't be used as it is:", *map(str, found.mistakes)]))
    return found.written[source.name]


def differences(old: Written, new: Written) -> list[Difference]:
    before, after = keys(old), keys(new)
    return [
        Difference(key, before.get(key), after.get(key), "gone" if key not in after else "added" if key not in before else "changed")
        for key in sorted({*before, *after}, key=lambda key: ("." in key, key))  # who and why first
        if key not in before or key not in after or before[key] != after[key]
    ]


def keys(it: Written) -> dict[str, Any]:
    """What was decided, key by key."""
    return {written(where): value for where, value in leaves({**it.head, **it.tables})}


def leaves(value: Any, where: Where = ()) -> Iterator[tuple[Where, Any]]:
    """Down to plain values and lists of them; a list of tables is as many places."""
    if isinstance(value, Mapping) and value:
        for name, inner in value.items():
            yield from leaves(inner, (*where, name))
    elif isinstance(value, list) and any(isinstance(inner, Mapping) for inner in value):
        for number, inner in enumerate(value):
            yield from leaves(inner, (*where, number))
    else:
        yield where, value
