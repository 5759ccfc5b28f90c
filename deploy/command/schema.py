"""Which revision the databases are at."""

import asyncio
from typing import Annotated, Any

import typer

from deploy import places
from deploy.answer import AsJson, tell_json, tell_table
from deploy.local.databases import SERVICES

app = typer.Typer()


@app.callback()
def schema() -> None:
    """Which revision the databases are at."""


@app.command()
def status(
    services: Annotated[
        list[str] | None, typer.Argument(help=f"Some of {', '.join(SERVICES)}; all of them if none is named.", metavar="[SERVICE]...")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Compare the databases with this build; the exit code is 1 if one is behind. CARELOOP_DATABASE is the database of one service."""
    if places.told("database") and len(services or ()) != 1:
        raise typer.BadParameter("CARELOOP_DATABASE is the database of one service: say of which.")
    found = asyncio.run(look(services or [*SERVICES]))
    if as_json:
        tell_json(found)
    else:
        tell_table(found, ("service", "database", "build", "state"))
    raise typer.Exit(1 if any(it["state"] in ("empty", "behind") for it in found) else 0)


async def look(services: list[str]) -> list[dict[str, Any]]:
    from deploy.command.process import service_of
    from deploy.database import connected, databases
    from shared.migrations import head, known

    found = []
    for name in services:
        migrations = service_of(name).migrations
        for _, dsn in databases(name):
            async with connected(dsn) as connection:
                there = await connection.fetchval("SELECT to_regclass('alembic_version') IS NOT NULL")
                revision = await connection.fetchval("SELECT version_num FROM alembic_version") if there else None
            found.append(
                {
                    "service": name,
                    "database": revision,
                    "build": head(migrations),
                    "state": state_of(revision, head(migrations), known(migrations)),
                }
            )
    return found


def state_of(revision: str | None, head: str, known: set[str]) -> str:
    if revision is None:
        return "empty"
    if revision == head:
        return "current"
    return "behind" if revision in known else "ahead"
