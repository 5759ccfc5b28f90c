"""Takes a spreadsheet in: checks it row by row and does what its rows say."""

from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from deploy.answer import AsJson, tell_json

if TYPE_CHECKING:
    from deploy.importing import Door

app = typer.Typer()
COUNTS = "created", "updated", "skipped", "failed"


@app.command("import")
def import_(
    kind: Annotated[str, typer.Argument(help="What its rows are: customers, orders, complaints.", metavar="KIND", show_default=False)],
    file: Annotated[
        Path | None,
        typer.Argument(help="CSV (plain or gzip), XLSX, XLS or ODS.", metavar="FILE", show_default=False, exists=True, dir_okay=False),
    ] = None,
    system: Annotated[str | None, typer.Option(help="Whose ids these are: crm.", show_default=False)] = None,
    map_: Annotated[
        Path | None,
        typer.Option("--map", help="TOML that says which column is which, what words mean, how dates are written.", show_default=False),
    ] = None,
    existing: Annotated[str, typer.Option(help="What becomes of a row whose thing is there already: update, skip, fail.")] = "fail",
    whole: Annotated[bool, typer.Option("--whole", help="All rows or none.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would become of them.")] = False,
    corrections: Annotated[
        Path | None, typer.Option(help="Write the rows that failed here, each with what is wrong: .xlsx or .csv.", show_default=False)
    ] = None,
    template: Annotated[
        Path | None,
        typer.Option(help="Write an empty spreadsheet with the headings of this kind here, and do nothing else.", show_default=False),
    ] = None,
    url: Annotated[
        str | None, typer.Option(help="The API of the service; otherwise of the system that runs here.", show_default=False)
    ] = None,
    token: Annotated[str | None, typer.Option(help="Otherwise CARELOOP_TOKEN, or a development token.", show_default=False)] = None,
    as_json: AsJson = False,
) -> None:
    """Take a spreadsheet in. The exit code is 1 if rows failed or something has to be made clear first."""
    from deploy.importing import Door, mapping_of

    if (file is None) == (template is None):
        raise typer.BadParameter("Say which FILE comes in, or with --template where an empty one is to be written.")
    door = Door(kind, url, token)
    if template:
        template.write_bytes(door.content(f"/v1/import-templates/{kind}?format={suffix(template)}"))
        return
    assert file
    said = {"system": system} if system else {}
    it = bring(door, file, {"kind": kind, "existing": existing, "whole": whole, "dry_run": dry_run, **mapping_of(map_), **said})
    if as_json:
        tell_json(it)
    else:
        tell(door, it, dry_run=dry_run, said=mapping_of(map_))
    if corrections and it["failed"]:
        corrections.write_bytes(door.content(f"/v1/imports/{it['id']}/corrections?format={suffix(corrections)}"))
    if it["failed"] or it["state"] != ("checked" if dry_run else "done"):
        raise typer.Exit(1)


def bring(door: "Door", file: Path, said: dict[str, Any]) -> dict[str, Any]:
    """Begins, sends and watches it, with a bar that shows how far it is."""
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

    console = Console(stderr=True)
    look = TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeRemainingColumn()
    with Progress(*look, console=console, disable=not console.is_terminal, transient=True) as bar:
        task = bar.add_task("sending", total=file.stat().st_size)
        id = door.ask("POST", "/v1/imports", said)["id"]
        try:
            door.send(f"/v1/imports/{id}/file", file, lambda size: bar.advance(task, size))
        except BaseException:
            with suppress(Exception):
                door.ask("POST", f"/v1/imports/{id}/cancellation")
            raise
        return door.watch(id, lambda it: bar.update(task, description=it["state"], completed=done(it), total=2 * it["rows"] or None))


def done(it: dict[str, Any]) -> int:
    return int(it["checked"]) + int(it["applied"])


def tell(door: "Door", it: dict[str, Any], *, dry_run: bool, said: dict[str, Any]) -> None:
    from deploy.importing import SHOWN, remembered

    would = "would be " if dry_run else ""
    typer.echo(
        f"{it['rows']:,} {'row' if it['rows'] == 1 else 'rows'}: "
        + ", ".join(f"{it[name]:,} {would if name != 'failed' else ''}{name}" for name in COUNTS)
    )
    if it["unused"]:
        typer.echo(f"Not used: {', '.join(it['unused'])}")
    if before := remembered(it["plan"], said):
        typer.echo(f"As it was said the last time: {before}")
    for question in it["questions"]:
        typer.echo(" ".join(filter(None, (question["message"], question["fix"]))))
    if it["failed"]:
        for row in door.ask("GET", f"/v1/imports/{it['id']}/rows?state=failed&limit={SHOWN}")["items"]:
            for reason in row["reasons"]:
                where = f"row {row['number']}, {reason['column']}" if reason["column"] else f"row {row['number']}"
                typer.echo(f"{where}: {' '.join(filter(None, (reason['message'], reason['fix'])))}")
        if it["failed"] > SHOWN:
            typer.echo(f"… and {it['failed'] - SHOWN:,} more.")
        typer.echo(f"To mend them in a spreadsheet: GET {door.url}/v1/imports/{it['id']}/corrections, or --corrections FILE the next time.")
    typer.echo(f"Import {it['id']} is {it['state']}.")


def suffix(file: Path) -> str:
    found = file.suffix.lower().removeprefix(".")
    if found not in ("csv", "xlsx"):
        raise typer.BadParameter(f"{file} ends neither in .csv nor in .xlsx.")
    return found
