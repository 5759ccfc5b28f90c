"""The audit trail: is it whole, and what it says."""

import asyncio
from typing import TYPE_CHECKING, Annotated, Any

import typer

from deploy.answer import AsJson, tell_json
from deploy.local.databases import SERVICES

if TYPE_CHECKING:
    from deploy.audit import Found, Head

app = typer.Typer()
Service = Annotated[str | None, typer.Option(help="Of this service; of all if it is not given.")]


@app.callback()
def audit() -> None:
    """Who did or saw what, of whom, why and when. CARELOOP_DATABASE names the database of one service; without it, those of the system that runs here."""


@app.command()
def verify(
    service: Service = None,
    head: Annotated[
        str | None,
        typer.Option(help="A head that the chain of --service had; it must still be in it.", metavar="SEQ:HASH", show_default=False),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Walk each chain from its first line; the exit code is 1 if one is broken. Keep the heads that it tells elsewhere, and give one back with --head."""
    from deploy.audit import Head

    known = Head.read(head) if head else None
    if known and not one(service):
        raise typer.BadParameter("A head is of one chain: say with --service of which.")
    found = asyncio.run(verified(service, known))
    if as_json:
        tell_json([row(name, it) for name, it in found])
    for name, it in found if not as_json else ():
        typer.echo(sentence(name, it))
    if any(it.broken for _, it in found):
        raise typer.Exit(1)


@app.command()
def export(
    service: Annotated[str, typer.Option(help=f"One of {', '.join(SERVICES)}.", show_default=False)],
    since: Annotated[str | None, typer.Option(help="Since then: 30m, 8h, 2d, 2026-05-01, 2026-05-01T08:00+08:00.")] = None,
) -> None:
    """Tell every line of a service's trail as JSON, one a line, the oldest first."""
    from deploy.since import since as moment

    asyncio.run(told(service, moment(since)))


def one(service: str | None) -> bool:
    from deploy.database import databases

    return len(databases(service)) == 1


async def verified(service: str | None, known: "Head | None") -> "list[tuple[str, Found]]":
    from deploy.audit import verify as walk
    from deploy.database import connected, databases

    found = []
    for name, dsn in databases(service):
        async with connected(dsn) as connection:
            found.append((name, await walk(connection, known)))
    return found


async def told(service: str, since: Any) -> None:
    import orjson

    from deploy.audit import lines
    from deploy.database import connected, databases
    from shared.database import speak_jsonb

    ((_, dsn),) = databases(service)
    async with connected(dsn) as connection:
        await speak_jsonb(connection)
        async for it in lines(connection, since):
            typer.echo(orjson.dumps({"service": service, **it}).decode())


def row(name: str, it: "Found") -> dict[str, Any]:
    broken = {"seq": it.broken.seq, "why": it.broken.why} if it.broken else None
    return {"service": name, "lines": it.lines, "head": str(it.head), "broken": broken}


def sentence(name: str, it: "Found") -> str:
    if it.broken:
        return f"{name}: the chain breaks at line {it.broken.seq}: {it.broken.why}; {it.lines} before it hold."
    return f"{name}: {it.lines} {'line' if it.lines == 1 else 'lines'}, whole; head {it.head}"
