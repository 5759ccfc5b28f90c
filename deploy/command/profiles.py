"""Trade profiles: the numbers of the business, before and after they are in force."""

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from deploy.answer import AsJson, tell_json, tell_table

app = typer.Typer()
Config = Annotated[
    Path | None,
    typer.Option(
        "--config", help="The folder with units.toml; otherwise CARELOOP_CONFIG, otherwise that of the system here.", show_default=False
    ),
]
Named = Annotated[str, typer.Argument(help="A file, or the name of a profile.", show_default=False)]


@app.callback()
def profiles() -> None:
    """Check trade profiles, compare two of them, and show what one of them comes to."""


@app.command()
def check(
    drafts: Annotated[
        list[Path] | None,
        typer.Argument(
            help="Profiles, or files of a folder; all that are shipped and all of the folder if none is named.",
            metavar="[FILE]...",
            show_default=False,
        ),
    ] = None,
    config: Config = None,
    as_json: AsJson = False,
) -> None:
    """Tell every mistake of profiles, calendars, units and notices; the exit code is 1 if there is any."""
    from deploy.profiles import check as look
    from deploy.profiles import config_folder, counted

    found = look(drafts or [], config_folder(config))
    if as_json:
        tell_json(asdict(found) | {"mistakes": [{"file": it.file, "said": str(it).removeprefix(f"{it.file}: ")} for it in found.mistakes]})
    else:
        for it in found.mistakes:
            typer.echo(str(it))
        typer.echo(f"{found.looked_at}: {counted(len(found.mistakes), 'mistakes') if found.mistakes else 'no mistake'}.")
    raise typer.Exit(1 if found.mistakes else 0)


@app.command()
def diff(old: Named, new: Named, config: Config = None, as_json: AsJson = False) -> None:
    """Show key by key what differs between two profiles, with what they extend; the exit code is 1 if anything does."""
    from deploy.profiles import config_folder, differences, profile
    from shared.profiles.mistakes import shown

    folder = config_folder(config)
    found = differences(profile(old, folder), profile(new, folder))
    if as_json:
        tell_json([asdict(it) for it in found])
    else:
        for it in found:
            sides = {
                "changed": f"{shown(it.old)} -> {shown(it.new)}",
                "added": f"added, {shown(it.new)}",
                "gone": f"gone, it was {shown(it.old)}",
            }
            typer.echo(f"{it.key}: {sides[it.what]}")
        if not found:
            typer.echo(f"{old} and {new} say the same.")
    raise typer.Exit(1 if found else 0)


@app.command()
def show(name: Named, config: Config = None, as_json: AsJson = False) -> None:
    """Show a profile with all that it extends merged in, and which file says what."""
    from deploy.profiles import config_folder, leaves, profile
    from shared.mistakes import written
    from shared.profiles.mistakes import shown

    found = profile(name, config_folder(config))
    rows = [{"key": written(where), "value": value, "from": found.file(where)} for where, value in leaves(found.tables)]
    if as_json:
        tell_json({"name": found.name, **found.head, **found.tables, "from": {row["key"]: row["from"] for row in rows}})
    else:
        head = [{"key": key, "value": value, "from": found.file(())} for key, value in found.head.items()]
        tell_table([row | {"value": shown(row["value"])} for row in [*head, *rows]], ("key", "value", "from"))


@app.command()
def preview(
    drafts: Annotated[
        list[Path] | None, typer.Argument(help="Profiles as they would be, by the names of those that units have.", metavar="[FILE]...")
    ] = None,
    notice: Annotated[
        list[Path] | None, typer.Option("--notice", help="A notice of holidays that would be added; may be repeated.", show_default=False)
    ] = None,
    service: Annotated[str | None, typer.Option(help="Of this service; of all if it is not given.", show_default=False)] = None,
    limit: Annotated[int, typer.Option(help="Show at most so many of a service, those that are due first.", min=1)] = 20,
    config: Config = None,
    as_json: AsJson = False,
) -> None:
    """Show which open deadlines would be others, from when to when. Nothing is changed: clocks keep the version of their start."""
    import asyncio

    from deploy.preview import ending, previewed, row, sentence
    from deploy.profiles import config_folder

    if not drafts and not notice:
        raise typer.BadParameter("Name a profile as it would be, or a notice of holidays with --notice.")
    found = asyncio.run(previewed(service, drafts or [], notice or [], config_folder(config), show=limit))
    moves = [row(name, move) for name, it in found for move in it.moves]
    if as_json:
        facts = [{"service": name, "open": it.open, "moved": it.moved, "earlier": it.earlier, "later": it.later} for name, it in found]
        tell_json({"services": facts, "moves": moves})
        return
    if moves:
        tell_table(moves, ("service", "unit", "about", "milestone", "round", "due_at", "becomes"))
    for name, it in found:
        typer.echo(sentence(name, it, kept=bool(drafts)))
    if moves:
        typer.echo(ending(profiles=bool(drafts), notices=bool(notice)))
