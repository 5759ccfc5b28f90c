"""Brings databases to the revision of this build."""

import asyncio
from typing import Annotated, Any
from urllib.parse import urlsplit

import typer

from deploy import places
from deploy.answer import AsJson, tell_json
from deploy.command.process import service_of
from deploy.local.databases import SERVICES

app = typer.Typer()


@app.command()
def migrate(
    services: Annotated[
        list[str] | None, typer.Argument(help=f"Some of {', '.join(SERVICES)}; all of them if none is named.", metavar="[SERVICE]...")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Migrate the databases of services as their owners. Two at once do no harm; one waits for the other.

    CARELOOP_OWNER_DATABASE is the database of one service, as its owner; without it, those of the system that runs here.
    """
    names = services or [*SERVICES]
    if places.told("owner_database") and len(names) != 1:
        raise typer.BadParameter("CARELOOP_OWNER_DATABASE is the database of one service: say of which.")
    found = [(service_of(name), owner_of(name)) for name in names]
    done = [asyncio.run(bring(service, dsn)) for service, dsn in found]
    if as_json:
        tell_json(done)
    else:
        for it in done:
            typer.echo(
                f"{it['service']}: {it['before'] or 'empty'} -> {it['after']}"
                if it["before"] != it["after"]
                else f"{it['service']}: is at {it['after']}"
            )


async def bring(service: Any, dsn: str) -> dict[str, str | None]:
    from deploy.database import speaking
    from shared.migrations import migrate as bring_to_head

    with speaking(dsn, "CARELOOP_OWNER_DATABASE"):
        before, after = await bring_to_head(service, dsn)
    return {"service": service.name, "before": before, "after": after}


def owner_of(service: str) -> str:
    from deploy.local.databases import Server
    from deploy.local.place import run_folder

    if given := places.told("owner_database"):
        return given
    secret = run_folder() / "postgres" / "password"
    if not secret.is_file():
        raise places.NotRunning(
            "It is not known where the databases are: `make run` starts a system here, or set CARELOOP_OWNER_DATABASE and name its service."
        )
    runtime = places.database(service)
    return Server(runtime, secret.read_text()).database(service, urlsplit(runtime).path[1:]).owner_dsn
