"""What was announced and has not left yet."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Annotated, Any
from uuid import UUID

import typer

from deploy.answer import AsJson, tell_json, tell_table
from deploy.local.databases import SERVICES

app = typer.Typer()
Service = Annotated[str | None, typer.Option(help="Of this service; of all if it is not given.")]
Ids = Annotated[list[UUID], typer.Argument(help="Ids of events.", metavar="ID...", show_default=False)]
COLUMNS = "position", "service", "id", "topic", "key", "type", "announced_at", "bytes"


@app.callback()
def outbox() -> None:
    """What was announced and has not left yet. A worker's relay publishes it in order, without being asked, once Kafka takes it."""


@app.command("list")
def list_(
    service: Service = None,
    type: Annotated[str | None, typer.Option(help="Of this type.")] = None,
    since: Annotated[str | None, typer.Option(help="Announced since then: 30m, 8h, 2d, 2026-05-01T08:00+08:00.")] = None,
    limit: Annotated[int, typer.Option(help="At most so many of a service.", min=1)] = 50,
    as_json: AsJson = False,
) -> None:
    """Show what waits, in the order in which it will leave."""
    from deploy.outbox import Choice, choose, publishes
    from deploy.since import since as moment

    choice = Choice(type, moment(since), limit)
    rows: list[dict[str, Any]] = []
    who: list[str] = []

    async def look(name: str, connection: Any) -> None:
        if found := await choose(connection, choice):
            rows.extend({"service": name, **row} for row in found)
            who.append(f"Of {name} {await publishes(connection)}")

    asyncio.run(in_each(service, look))
    if as_json:
        tell_json(rows)
    elif rows:
        tell_table(rows, COLUMNS)
        typer.echo("\n".join(who))
    else:
        typer.echo("Nothing waits to be published.")


@app.command()
def park(ids: Ids, service: Service = None, as_json: AsJson = False) -> None:
    """Set events aside that keep others from leaving. Later ones of the same key overtake them; `careloop outbox retry` puts them back."""
    from deploy.outbox import park as set_aside
    from shared.clock import now

    async def act(name: str, connection: Any, wanted: list[UUID]) -> set[UUID]:
        if name not in SERVICES:
            raise typer.BadParameter(f"Say with --service whose database {name} is.")
        return await set_aside(connection, name, wanted, now())

    done = asyncio.run(find_and_do(service, ids, act, "No event {} waits in the outbox; `careloop outbox list` shows what does."))
    tell_json({"parked": done}) if as_json else typer.echo(f"{len(done)} set aside; `careloop parked list` shows them.")


@app.command()
def retry(ids: Ids, service: Service = None, as_json: AsJson = False) -> None:
    """Put events that were set aside back into the outbox, behind what waits there."""
    from deploy.outbox import retry as put_back
    from shared.clock import now

    async def act(_: str, connection: Any, wanted: list[UUID]) -> set[UUID]:
        return await put_back(connection, wanted, now())

    done = asyncio.run(find_and_do(service, ids, act, "No event {} is set aside; what waits in the outbox is tried without being asked."))
    tell_json({"retried": done}) if as_json else typer.echo(f"{len(done)} will leave as soon as Kafka takes them.")


async def find_and_do(
    service: str | None, ids: list[UUID], act: Callable[[str, Any, list[UUID]], Awaitable[set[UUID]]], otherwise: str
) -> list[UUID]:
    """Each id is looked for in every database; one that is nowhere is a refusal, after the others were done."""
    from shared.errors import NotFound

    done: set[UUID] = set()

    async def look(name: str, connection: Any) -> None:
        if wanted := [id for id in ids if id not in done]:
            done.update(await act(name, connection, wanted))

    await in_each(service, look)
    if missing := [str(id) for id in ids if id not in done]:
        raise NotFound(otherwise.format(", ".join(missing)))
    return sorted(done)


async def in_each(service: str | None, look: Callable[[str, Any], Awaitable[None]]) -> None:
    from deploy.database import connected, databases

    for name, dsn in databases(service):
        async with connected(dsn) as connection:
            await look(name, connection)
