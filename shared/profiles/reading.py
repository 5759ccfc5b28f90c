"""Reads trade profiles into the models of their services, and tells all mistakes of all files at once."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import orjson
from pydantic import BaseModel, ValidationError

from shared.mistakes import near
from shared.profiles import files
from shared.profiles.files import Source, Written
from shared.profiles.mistakes import Mistake, mistakes, no_such_calendar, shown
from shared.profiles.part import Part
from shared.profiles.trade import Profile, Trade, digest_of
from shared.units import Units
from shared.worktime.calendar import CalendarPart
from shared.worktime.holidays import Knowledge, NoticeMistake

P = TypeVar("P", bound=Part)
M = TypeVar("M", bound=BaseModel)


class Calendars(Part):
    """`calendars.toml`: calendars of teams, by name."""

    calendars: Mapping[str, CalendarPart] = {}


@dataclass(slots=True)
class Found:
    """What was read, as far as it could be."""

    calendars: Mapping[str, CalendarPart] = field(default_factory=dict)
    named: list[str] = field(default_factory=list)  # calendars that there are, also if something is wrong with one of them
    knowledge: Knowledge | None = None
    written: dict[str, Written] = field(default_factory=dict)
    profiles: dict[str, dict[str, Profile[Any]]] = field(default_factory=dict)  # by name and service
    mistakes: list[Mistake] = field(default_factory=list)


def read(service: str, part: type[P], units: Units, config: Path | None) -> Trade[P]:
    """The profiles of all units with one service's part of each; or all that is wrong with them, one sentence a line."""
    there = files.sources(config)
    named = {unit.profile for unit in units.units.values()}
    found = look({service: part}, config, [there[name][0] for name in sorted(named & there.keys())], there)
    wrong = [*astray(units, there, found.named), *found.mistakes]
    if wrong or found.knowledge is None:
        raise SystemExit("\n".join(map(str, wrong)))
    return Trade(units, {name: by_service[service] for name, by_service in found.profiles.items()}, found.knowledge, found.calendars)


def look(parts: Mapping[str, type[Part]], config: Path | None, wanted: Sequence[Source], among: files.Sources) -> Found:
    """Reads these profiles with the parts of these services, and the calendars and notices that belong to them."""
    found = Found()
    found.calendars, found.named = calendars(config, found.mistakes)
    found.knowledge = knowledge(config, found.mistakes)
    for source in wanted:
        it = found.written[source.name] = files.whole(source, among)
        found.mistakes += it.mistakes
        calendar = table(it, "calendar", CalendarPart, found.named, found.mistakes)
        policies = {service: table(it, service, part, found.named, found.mistakes) for service, part in parts.items()}
        if not it.mistakes and calendar is not None:
            found.profiles[source.name] = {
                service: profile(it, service, policy, calendar) for service, policy in policies.items() if policy is not None
            }
    found.mistakes = [*dict.fromkeys(found.mistakes)]  # what many extend is wrong once
    return found


def profile(it: Written, service: str, policy: P, calendar: CalendarPart) -> Profile[P]:
    content = {service: it.tables.get(service, {}), "calendar": it.tables.get("calendar", {})}
    return Profile(it.name, it.head["version"], it.head["by"], it.head["why"], digest_of(content), policy, calendar, content)


def table(it: Written, name: str, kind: type[M], calendars: Sequence[str], wrong: list[Mistake]) -> M | None:
    """One table of a profile in its model. Where something that it extends could not be read, nothing is called missing."""
    if name not in it.tables and any(field.is_required() for field in kind.model_fields.values()):
        if it.complete:
            wrong.append(
                Mistake(it.file(()), f'{name} is missing: write the table, or extend a profile that has it, as in extends = "standard"')
            )
        return None
    content = it.tables.get(name, {})
    try:
        return kind.model_validate_json(orjson.dumps(content), strict=True, context={"calendars": calendars})
    except ValidationError as error:
        wrong += mistakes(error, kind, content, it.file, under=(name,), complete=it.complete)
        return None


def calendars(config: Path | None, wrong: list[Mistake]) -> tuple[Mapping[str, CalendarPart], list[str]]:
    """The calendars of teams, and the names that there would be were all of them right."""
    path = config / "calendars.toml" if config else None
    if path is None or not path.exists():
        return {}, []
    content, reasons = files.parsed(path, "calendars.toml")
    wrong += reasons
    if content is None:
        return {}, []
    names = [*content["calendars"]] if isinstance(content.get("calendars"), dict) else []
    try:
        return Calendars.model_validate_json(orjson.dumps(content), strict=True).calendars, names
    except ValidationError as error:
        wrong += mistakes(error, Calendars, content, lambda _: "calendars.toml")
        return {}, names


def knowledge(config: Path | None, wrong: list[Mistake]) -> Knowledge | None:
    try:
        return Knowledge.read(config / "holidays" if config else None)
    except NoticeMistake as error:
        wrong += [Mistake(f"holidays/{it.file.name}", it.said) for it in error]
        return None


def units(config: Path | None, profiles: files.Sources, calendars: Sequence[str]) -> list[Mistake]:
    """What is wrong with `units.toml`, where there is one."""
    path = config / "units.toml" if config else None
    if path is None or not path.exists():
        return []
    content, wrong = files.parsed(path, "units.toml")
    if content is None:
        return wrong
    try:
        return astray(Units.model_validate(content), profiles, calendars)
    except ValidationError as error:
        return mistakes(error, Units, content, lambda _: "units.toml")


def astray(units: Units, profiles: files.Sources, calendars: Sequence[str]) -> list[Mistake]:
    """Units that name a profile or a calendar that there is not."""
    found = []
    for name, unit in units.units.items():
        if unit.profile not in profiles:
            reason = f"there is no such profile; {near(unit.profile, [*profiles])}"
            found.append(Mistake("units.toml", f"units.{name}.profile is {shown(unit.profile)}: {reason}"))
        if unit.calendar is not None and unit.calendar not in calendars:
            reason = no_such_calendar(unit.calendar, calendars)
            found.append(Mistake("units.toml", f"units.{name}.calendar is {shown(unit.calendar)}: {reason}"))
    return found
