"""What could not be handled: seen, tried again, or discarded."""

import asyncio
import base64
from collections import Counter
from typing import TYPE_CHECKING, Annotated, Any
from uuid import UUID

import typer

from deploy.answer import AsJson, tell_json, tell_table

if TYPE_CHECKING:
    from deploy.parked import Choice

app = typer.Typer()
Service = Annotated[str | None, typer.Option(help="Of this service; of all if it is not given.")]
Kind = Annotated[str | None, typer.Option(help="Of this type, such as order.shipped.v1.")]
Since = Annotated[str | None, typer.Option(help="Parked since then: 30m, 8h, 2d, 2026-05-01, 2026-05-01T08:00+08:00.")]
Ids = Annotated[list[UUID] | None, typer.Argument(help="Ids that `careloop parked list` shows.", metavar="[ID]...", show_default=False)]
Limit = Annotated[int | None, typer.Option(help="At most so many of a service: 50 are listed, 100 acted on, all with --all.", min=1)]
LISTED, ACTED_ON, EVERYTHING = 50, 100, 1_000_000
DryRun = Annotated[bool, typer.Option("--dry-run", help="Only say which.")]
All = Annotated[bool, typer.Option("--all", help="All that wait.")]
COLUMNS = "id", "service", "state", "parked", "type", "place", "code", "message"


@app.callback()
def parked() -> None:
    """What could not be handled. CARELOOP_DATABASE names the database of one service; without it, those of the system that runs here."""


@app.command("list")
def list_(
    service: Service = None,
    type: Kind = None,
    since: Since = None,
    state: Annotated[list[str] | None, typer.Option(help="open, requested, replayed, resent, discarded; may be repeated.")] = None,
    limit: Limit = None,
    as_json: AsJson = False,
) -> None:
    """Show what is parked and waits for somebody, oldest first."""
    from deploy.parked import WAITING
    from shared.parked import State

    if wrong := [name for name in state or () if name not in [*State]]:
        raise typer.BadParameter(f"There is no state {wrong[0]!r}; the states are {', '.join(State)}.")
    states = [State(name) for name in state] if state else WAITING
    found = of_all(service, chosen(type, since, limit or LISTED, states=states))
    tell(found, as_json)
    for name, count in Counter(name for name, _ in found).items():
        if limit is None and count == LISTED:
            typer.echo(f"{name} may have more than these {LISTED}: --limit shows them.", err=True)


@app.command()
def show(
    id: Annotated[UUID, typer.Argument(help="The id that `careloop parked list` shows.", metavar="ID", show_default=False)],
    service: Service = None,
    raw: Annotated[bool, typer.Option("--raw", help="Also the bytes as they came; they may hold personal data.")] = False,
    as_json: AsJson = False,
) -> None:
    """Show everything about one parked record. That somebody saw its bytes is written into the audit trail."""
    from deploy.parked import Choice, facts_of, looked_into
    from shared.clock import now

    found = of_all(service, Choice(states=None, ids=[id]))
    if not found:
        raise nothing(f"Nothing is parked under {id}; `careloop parked list` shows what is.")
    name, row = found[0]
    if raw:
        act(service, found, lambda connection, _: looked_into(connection, id, now()))
    facts = facts_of(name, row) | (bytes_of(row) if raw else {})
    if as_json:
        tell_json(facts)
    else:
        for key, value in facts.items():
            typer.echo(f"{key:<16} {'-' if value is None else value}")


@app.command()
def replay(
    ids: Ids = None,
    service: Service = None,
    type: Kind = None,
    since: Since = None,
    limit: Limit = None,
    every: All = False,
    dry_run: DryRun = False,
    as_json: AsJson = False,
) -> None:
    """Ask the workers to try parked records again: those named, those of a type or time, or --all. Each is tried five times at the most."""
    from deploy.parked import hindrance, request
    from shared.clock import now

    found = selected(ids, service, type, since, limit, every)
    at = now()
    hindered = {row["id"]: why for _, row in found if (why := hindrance(row, at))}
    for id, why in hindered.items():
        typer.echo(f"{id}: {why}.", err=True)
    able = [(name, row) for name, row in found if row["id"] not in hindered]
    if dry_run:
        return tell(able, as_json)
    done = act(service, able, lambda connection, ids: request(connection, ids, at))
    if as_json:
        tell_json({"requested": done, "hindered": {str(id): why for id, why in hindered.items()}})
    else:
        typer.echo(f"{done} will be tried again; `careloop parked list` shows what fails once more.")
    if hindered and not able:
        raise typer.Exit(1)


@app.command()
def discard(
    ids: Ids = None,
    service: Service = None,
    type: Kind = None,
    since: Since = None,
    limit: Limit = None,
    every: All = False,
    dry_run: DryRun = False,
    as_json: AsJson = False,
) -> None:
    """Let parked records go: those named, those of a type or time, or --all. They stay on the list of the discarded for a while."""
    from deploy.parked import WAITING
    from deploy.parked import discard as let_go
    from shared.clock import now

    found = selected(ids, service, type, since, limit, every)
    able = [(name, row) for name, row in found if row["state"] in WAITING]
    for _, row in found:
        if row["state"] not in WAITING:
            typer.echo(f"{row['id']}: it is {row['state']}.", err=True)
    if dry_run:
        return tell(able, as_json)
    done = act(service, able, lambda connection, ids: let_go(connection, ids, now()))
    tell_json({"discarded": done}) if as_json else typer.echo(f"{done} discarded.")
    if found and not able:
        raise typer.Exit(1)


def chosen(type: str | None, since: str | None, limit: int, **more: Any) -> "Choice":
    from deploy.parked import Choice
    from deploy.since import since as moment

    return Choice(type=type, since=moment(since), limit=limit, **more)


def selected(
    ids: list[UUID] | None, service: str | None, type: str | None, since: str | None, limit: int | None, every: bool
) -> list[tuple[str, Any]]:
    """What an action is about; it has to be said."""
    if not (ids or type or since or every):
        raise typer.BadParameter("Say which: ids, --type, --since, or --all; --dry-run only shows them.")
    most = limit or (EVERYTHING if every else ACTED_ON)
    found = of_all(service, chosen(type, since, len(ids) if ids else most, **({"ids": ids, "states": None} if ids else {})))
    if unknown := set(ids or ()) - {row["id"] for _, row in found}:
        raise nothing(f"Nothing is parked under {', '.join(map(str, sorted(unknown)))}; `careloop parked list` shows what is.")
    return found


def of_all(service: str | None, choice: "Choice") -> list[tuple[str, Any]]:
    from deploy.database import connected, databases
    from deploy.parked import choose

    async def ask() -> list[tuple[str, Any]]:
        found = []
        for name, dsn in databases(service):
            async with connected(dsn) as connection:
                found += [(name, row) for row in await choose(connection, choice)]
        return found

    return asyncio.run(ask())


def act(service: str | None, rows: list[tuple[str, Any]], what: Any) -> int:
    from deploy.database import connected, databases

    async def do() -> int:
        done = 0
        for name, dsn in databases(service):
            if ids := [row["id"] for of, row in rows if of == name]:
                async with connected(dsn) as connection:
                    done += await what(connection, ids)
        return done

    return asyncio.run(do())


def tell(rows: list[tuple[str, Any]], as_json: bool) -> None:
    from deploy.parked import facts_of

    facts = [facts_of(name, row) for name, row in rows]
    if as_json:
        tell_json(facts)
    elif not facts:
        typer.echo("Nothing is parked.")
    else:
        tell_table(
            [
                it | {"parked": it["first_failed_at"], "place": f"{it['topic']}/{it['partition']}/{it['record_offset']}",
                      "message": f"{it['pointer']}: {it['message']}" if it["pointer"] else it["message"]}
                for it in facts
            ],
            COLUMNS,
        )  # fmt: skip


def bytes_of(row: Any) -> dict[str, Any]:
    import orjson

    headers = {name: value and base64.b64decode(value).decode(errors="backslashreplace") for name, value in orjson.loads(row["headers"])}
    texts = {name: None if row[name] is None else row[name].decode(errors="backslashreplace") for name in ("key", "value")}
    return texts | {"headers": headers, "value_base64": None if row["value"] is None else base64.b64encode(row["value"]).decode()}


def nothing(sentence: str) -> Exception:
    from shared.errors import NotFound

    return NotFound(sentence)
