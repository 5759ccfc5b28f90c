"""Erasures: asked for by an operator, listed, read back, and played again after a restore."""

import asyncio
import sys
from pathlib import Path
from typing import Annotated, Any
from uuid import UUID

import typer

from deploy.answer import AsJson, tell_json, tell_table

app = typer.Typer()
CUSTOMERS = "customers"
COLUMNS = "requested_at", "id", "state", "customer_id", "unit", "reason", "answered", "completed_at"
REASONS = "customer_request", "consent_withdrawn", "retention", "court_order", "other"
Words = Annotated[
    Path | None, typer.Option(help="Search for these too, one a line: names, numbers, addresses; - is standard input.", show_default=False)
]


@app.callback()
def erasure() -> None:
    """Customers of whom nothing is to be kept. Staff ask and approve over HTTP; this is for operators."""


@app.command("list")
def list_(
    state: Annotated[list[str] | None, typer.Option(help="requested, approved, running, completed, refused; may be repeated.")] = None,
    limit: Annotated[int, typer.Option(help="At most so many.", min=1)] = 50,
    as_json: AsJson = False,
) -> None:
    """Show erasures, those asked for last first."""
    from deploy.erasure import listed

    rows = asyncio.run(with_customers(lambda connection: listed(connection, state, limit)))
    if as_json:
        tell_json(rows)
    elif rows:
        tell_table([row | {"answered": ",".join(row["answered"]) or "-"} for row in rows], COLUMNS)
    else:
        typer.echo("Nobody is to be erased.")


@app.command()
def run(
    customers: Annotated[
        list[str] | None, typer.Argument(help="Our ids, or system/id.", metavar="[CUSTOMER]...", show_default=False)
    ] = None,
    ledger: Annotated[
        Path | None,
        typer.Option(help="Also those in this ledger whom the file does not know as erased; - is standard input.", show_default=False),
    ] = None,
    again: Annotated[
        bool,
        typer.Option(
            "--again", help="Also those who are being erased, or are erased as the customer file has it: another database was restored."
        ),
    ] = False,
    hold_is_over: Annotated[bool, typer.Option("--hold-is-over", help="Also whom the law demanded to keep.")] = False,
    reason: Annotated[str, typer.Option(help=f"One of {', '.join(REASONS)}.")] = "other",
    as_json: AsJson = False,
) -> None:
    """Erase customers: asked for and approved by you, on the record. The workers do it; `careloop erasure list` shows how far they are."""
    from deploy.audit import operator
    from deploy.erasure import Entry, request, request_again
    from shared.clock import now

    if not customers and ledger is None:
        raise typer.BadParameter("Say whom: ids, system/id, or --ledger FILE.")
    if reason not in REASONS:
        raise typer.BadParameter(f"There is no reason {reason!r}; it is one of {', '.join(REASONS)}.")
    entries = [Entry.read(line) for line in lines_of(ledger)] if ledger else []

    async def act(connection: Any) -> list[str]:
        told: dict[str, Any] = {"by": operator(), "always": again, "hold_is_over": hold_is_over}
        asked = [whom for whom in customers or () if await request(connection, whom, reason, at=now(), **told)]
        return asked + [str(it.customer_id) for it in entries if await request_again(connection, it, by=operator(), at=now(), always=again)]

    asked = asyncio.run(with_customers(act))
    known = len(customers or ()) + len(entries) - len(asked)
    if as_json:
        tell_json({"asked": asked, "known": known})
    else:
        typer.echo(f"{len(asked)} will be erased; {known} are under way or were erased before.")


@app.command()
def ledger() -> None:
    """Tell the ledger: ids, keyed hashes and moments of all who were erased, a JSON object a line. Keep it apart from the backups, and anew each day."""
    from deploy.erasure import ledger as told

    async def write(connection: Any) -> None:
        async for line in told(connection):
            sys.stdout.write(line.decode() + "\n")

    asyncio.run(with_customers(write))


@app.command()
def verify(
    customer: Annotated[str | None, typer.Argument(help="Our id, or system/id.", metavar="[CUSTOMER]", show_default=False)] = None,
    every: Annotated[bool, typer.Option("--all", help="All who were erased.")] = False,
    words: Words = None,
    as_json: AsJson = False,
) -> None:
    """Read back that nothing is left: databases and topics. The exit code is 1 if something is found that does not go by itself."""
    from deploy.forgotten import Found

    if (customer is None) == (not every):
        raise typer.BadParameter("Say whom: an id, or --all.")
    found: list[Found] = asyncio.run(looked_for(customer, [line.decode() for line in lines_of(words)] if words else []))
    if as_json:
        tell_json([{"where": it.where, "count": it.count, "until": it.until} for it in found])
    for it in found if not as_json else ():
        end = f"; goes by itself until {it.until:%Y-%m-%d %H:%M} UTC" if it.until else ""
        typer.echo(f"{it.where}: {it.count} found{end}")
    left = sum(it.count for it in found if it.until is None)
    if not as_json:
        typer.echo(f"{left} found that stay; look where each is, and erase again." if left else "Nothing is left.")
    if left:
        raise typer.Exit(1)


async def looked_for(customer: str | None, words: list[str]) -> Any:
    from deploy import places
    from deploy.database import connected, databases
    from deploy.erasure import of_somebody
    from deploy.forgotten import erased, family, in_database, in_topics
    from shared.clock import now

    async def whom(connection: Any) -> list[UUID]:
        return await family(connection, await of_somebody(connection, customer)) if customer else await erased(connection)

    ids = await with_customers(whom)
    found = []
    for service, dsn in databases(None):
        async with connected(dsn) as connection:
            found += await in_database(connection, service, ids, words)
    return found + await in_topics(places.kafka(), ids, words, now())


async def with_customers(act: Any) -> Any:
    """In the database of the customer file."""
    from deploy.database import connected, databases

    ((_, dsn),) = databases(CUSTOMERS)
    async with connected(dsn) as connection:
        return await act(connection)


def lines_of(file: Path) -> list[bytes]:
    try:
        told = sys.stdin.buffer.read() if str(file) == "-" else file.read_bytes()
    except OSError as error:
        raise typer.BadParameter(f"{file} can't be read: {error.strerror}.") from None
    return [line.strip() for line in told.splitlines() if line.strip()]
