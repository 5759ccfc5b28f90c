"""Trade profiles as an operator's commands look at them: all that is wrong with them, and how two of them differ."""

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from deploy.local.databases import SERVICES
from deploy.local.place import run_folder
from shared.errors import NotFound, Refusal
from shared.mistakes import Where, near, written
from shared.profiles import files, reading
from shared.profiles.files import Source, Written
from shared.profiles.mistakes import Mistake, mistakes
from shared.profiles.part import Part

REQUIRED = ("units.toml", "sources.toml")  # without them no process starts


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
    files: list[str] = field(default_factory=list)  # of a folder, checked as parts of it

    @property
    def looked_at(self) -> str:
        counts = [counted(getattr(self, name), name) for name in ("profiles", "calendars", "notices")]
        return ", ".join([*(counts if self.profiles or not self.files else ()), *self.files])


@dataclass(frozen=True, slots=True)
class Difference:
    """A key that is not the same on both sides; None where a side has none."""

    key: str
    old: Any
    new: Any
    what: str  # changed, added, gone


def counted(number: int, things: str) -> str:
    return f"{number} {things.removesuffix('s') if number == 1 else things}"


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


def check(named: Sequence[Path], config: Path | None) -> Checked:
    """These files, or all that are shipped and all of the folder; with the calendars, units and notices that belong to them."""
    placed = [it for it in named if folder_of(it)]
    drafts = [it for it in named if it not in placed]
    found = profiles_of(drafts, config) if drafts or not placed else Checked(0, 0, 0, [])
    found.files.extend(map(str, placed))
    found.mistakes.extend(wrong for it in placed for wrong in in_its_folder(it))
    return found


def folder_of(file: Path) -> Path | None:
    """The configuration that a file is a part of, by its name or place; None: it is a profile, which can lie anywhere."""
    folder = file.absolute().parent
    if folder.name == "holidays":
        return folder.parent
    return folder if file.name in (*REQUIRED, "calendars.toml") and folder.name != "profiles" else None


def in_its_folder(file: Path) -> list[Mistake]:
    """What is wrong with a file, whose content means something only beside the others of its folder."""
    folder = folder_of(file)
    if folder is None or not file.is_file():
        return files.parsed(file, str(file))[1]
    if file.suffix != ".toml":
        return [Mistake(str(file), "the name of a notice ends in .toml; others are not read")]
    label = str(file.absolute().relative_to(folder))
    return [it._replace(file=str(file)) for it in everything(folder) if it.file == label]


def everything(config: Path) -> list[Mistake]:
    """All that would keep a system from starting with this folder."""
    wrong = [it for name in REQUIRED if not (config / name).is_file() for it in files.parsed(config / name, name)[1]]
    return [*dict.fromkeys([*wrong, *sources(config), *profiles_of([], config).mistakes])]


def sources(config: Path) -> list[Mistake]:
    """What is wrong with `sources.toml`, where there is one."""
    from shared.sources import Register

    path = config / "sources.toml"
    content, wrong = files.parsed(path, path.name) if path.exists() else (None, [])
    try:
        if content is not None:
            Register.model_validate(content)
    except ValidationError as error:
        wrong += mistakes(error, Register, content, lambda _: path.name)
    return wrong


def profiles_of(drafts: Sequence[Path], config: Path | None) -> Checked:
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
