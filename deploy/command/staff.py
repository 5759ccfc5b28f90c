"""Tells the system who works here."""

import asyncio
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from deploy.answer import AsJson

if TYPE_CHECKING:
    from deploy.feed.roster import Roster

app = typer.Typer()


@app.callback()
def staff() -> None:
    """Tell the system who works here."""


@app.command("import")
def import_(
    file: Annotated[str, typer.Argument(help="CSV of staff, plain or gzip, UTF-8 or GB18030.", metavar="FILE", show_default=False)],
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would be published.")] = False,
    leave_missing: Annotated[
        bool, typer.Option("--leave-missing", help="Whoever was declared so before and is not in the file has left.")
    ] = False,
    config: Annotated[
        Path | None,
        typer.Option(help="The folder with units.toml; otherwise CARELOOP_CONFIG, otherwise that of the system here.", show_default=False),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Declare the staff of a file. Nothing is published while a row is wrong; the same file again is no news."""
    from deploy import places
    from deploy.command.replay import play
    from deploy.feed import directory, roster
    from deploy.feed.replaying import Step
    from deploy.profiles import config_folder
    from shared.units import Units

    folder = config_folder(config)
    units = Units.read(folder / "units.toml").units if folder and (folder / "units.toml").exists() else None
    found = roster.read(file, units=units)
    if found.mistakes:
        refuse(file, found, as_json=as_json)
    if units is None:
        typer.echo("No units.toml is here, so nobody knows whether the units are right: --config names its folder.", err=True)
    if found.ignored:
        typer.echo(f"Left alone: {', '.join(it or '(no heading)' for it in found.ignored)}.", err=True)
    told = directory.declarations(found.staff, asyncio.run(directory.read(places.kafka())), leave_missing=leave_missing)
    if not dry_run:
        steps = [Step(it.event.name, it.message) for it in told]
        asyncio.run(play(places.kafka(), {directory.TOPIC}, steps, None))
    counts = Counter(it.news for it in told)
    tell({str(news): counts[news] for news in directory.News}, published=0 if dry_run else len(told), dry_run=dry_run, as_json=as_json)


def refuse(file: str, found: "Roster", *, as_json: bool) -> None:
    """Every mistake at once."""
    from dataclasses import asdict

    from deploy.answer import tell_json

    if as_json:
        tell_json([asdict(it) for it in found.mistakes])
    for it in found.mistakes if not as_json else ():
        typer.echo(f"{file}:{it.line}: {it.column}: {it.said}", err=True)
    wrong = len({it.line for it in found.mistakes})
    typer.echo(f"{wrong} of {found.rows} rows are wrong; nothing was published.", err=True)
    raise typer.Exit(1)


def tell(counts: dict[str, int], *, published: int, dry_run: bool, as_json: bool) -> None:
    from deploy.answer import tell_json

    if as_json:
        tell_json({name.replace(" ", "_"): count for name, count in counts.items()} | {"published": published})
        return
    for name, count in counts.items():
        typer.echo(f"{count:7,} {name}")
    typer.echo("nothing was published: it is a dry run" if dry_run else f"{published:7,} published")
