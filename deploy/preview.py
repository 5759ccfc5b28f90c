"""What drafts of profiles and of notices would move, asked of the services' databases."""

from collections.abc import Sequence
from importlib import import_module
from pathlib import Path
from typing import Any

from deploy.database import connected, databases
from deploy.profiles import Mistaken
from shared.clocks.preview import Move, Preview, preview
from shared.errors import NotFound, Refusal
from shared.profiles import Trade, read
from shared.profiles.drafting import drafted
from shared.units import Units


class NothingToPreview(Refusal):
    """No unit has such a profile, so nothing of what is open would move."""


class InForceAlready(Refusal):
    """The draft lies in the folder of the configuration itself."""


class NoUnits(NotFound):
    """Only with the units of the company can be said what moves."""


async def previewed(
    service: str | None, profiles: Sequence[Path], notices: Sequence[Path], config: Path | None, *, show: int
) -> list[tuple[str, Preview]]:
    """Each service that keeps clocks, with what would move there."""
    if config is None:
        raise NoUnits("There is no folder with units.toml: name it with --config or CARELOOP_CONFIG.")
    units = Units.read(config / "units.toml")
    if live := in_force(config, (*profiles, *notices)):
        raise InForceAlready(
            f"{live} lies where running systems read it, so there is nothing to compare it with: preview a copy that lies elsewhere."
        )
    if profiles and not notices and {it.stem for it in profiles}.isdisjoint(unit.profile for unit in units.units.values()):
        raise NothingToPreview(f"No unit has the profile {profiles[0].stem}; units.toml says which unit has which.")
    found = []
    with drafted(config, profiles={it.stem: text(it) for it in profiles}, notices={it.stem: text(it) for it in notices}) as folder:
        for name, dsn in databases(service):
            app = import_module(f"services.{name}.app").service
            if app.clock:
                now, then = trade(app, units, config), trade(app, units, folder)
                async with connected(dsn) as connection, connection.transaction(readonly=True):
                    found.append((name, await preview(connection, app.clock, app.in_force, now, then, show=show)))
    return found


def in_force(config: Path, drafts: Sequence[Path]) -> Path | None:
    return next((it for it in drafts if config.resolve() in it.resolve().parents), None)


def trade(app: Any, units: Units, folder: Path) -> Trade[Any]:
    try:
        return read(app.name, app.policy, units, folder)
    except SystemExit as mistakes:
        raise Mistaken(f"It can't be used as it is:\n{mistakes}") from None


def text(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise NotFound(f"{file} can't be read: {getattr(error, 'strerror', None) or 'it is not written in UTF-8'}.") from None


def row(service: str, it: Move) -> dict[str, Any]:
    return {"service": service, **it._asdict(), "becomes": it.becomes.isoformat() if it.becomes else None, "due_at": it.due_at.isoformat()}


def sentence(service: str, it: Preview, *, kept: bool) -> str:
    """`kept`: profiles are drafted, and whatever is open keeps its own."""
    gone = it.moved - it.earlier - it.later
    rest = f", {gone} would be owed no more" if gone else ""
    means = "would lie elsewhere" if kept else "will move"
    return f"{service}: {it.moved} of {it.open} open deadlines {means}, {it.earlier} earlier, {it.later} later{rest}."


def ending(*, profiles: bool, notices: bool) -> str:
    """When what was told comes true."""
    if not notices:
        return "Nothing moves: a clock keeps the version under which it was started."
    if not profiles:
        return "They move when workers start with the notice."
    return "A clock keeps the version under which it was started; only the notice moves it, when workers start with that."
