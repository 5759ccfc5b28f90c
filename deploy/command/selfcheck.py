"""Is everything there that a system stands on?"""

import asyncio
import os
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from deploy.answer import AsJson, tell_json
from deploy.local.databases import SERVICES

if TYPE_CHECKING:
    from deploy.selfcheck import Finding
    from shared.settings import ServiceSettings

app = typer.Typer()


@app.command()
def selfcheck(
    services: Annotated[
        list[str] | None, typer.Argument(help=f"Some of {', '.join(SERVICES)}; all of them if none is named.", metavar="[SERVICE]...")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Look at databases and their roles, Kafka and its topics, clocks, the issuer's keys and the operators' files, trade profiles among them.

    The exit code is 1 if anything is wrong. It looks where CARELOOP_DATABASE, CARELOOP_KAFKA, CARELOOP_ISSUER, CARELOOP_JWKS and
    CARELOOP_CONFIG say, otherwise at the system that runs here.
    """
    from deploy import places

    if places.told("database") and len(services or ()) != 1:
        raise typer.BadParameter("CARELOOP_DATABASE is the database of one service: say of which.")
    found = asyncio.run(look(services or [*SERVICES]))
    if as_json:
        tell_json([asdict(it) for it in found])
    else:
        for it in found:
            typer.echo(f"{'ok   ' if it.good else 'WRONG'} {it.what:<22} {it.message}")
    raise typer.Exit(0 if all(it.good for it in found) else 1)


async def look(services: list[str]) -> "list[Finding]":
    from urllib.parse import urlsplit

    from deploy import places, selfcheck
    from deploy.command.process import service_of
    from deploy.database import databases

    addresses = places.addresses()
    names = {name: urlsplit(dsn).path[1:] for name, dsn in addresses.get("postgres", {}).items()} or {name: name for name in SERVICES}
    found: list[Finding] = []
    for name in services:
        [(_, dsn)] = databases(name)
        found += [it async for it in selfcheck.of_database(service_of(name), dsn, {names[other] for other in names if other != name})]
    found += [it async for it in selfcheck.of_kafka(places.kafka())]
    found += [it async for it in selfcheck.of_keys(issuers_named())]
    return found + [it async for it in selfcheck.of_files(config_folder())]


def issuers_named() -> "ServiceSettings":
    """The issuers of this environment, otherwise that of the system that runs here, which may be what it is in development only."""
    from deploy import places
    from shared.settings import ServiceSettings

    settings = ServiceSettings.read()
    told: dict[str, object] = {"config": config_folder()}
    if "environment" not in settings.model_fields_set:
        told["environment"] = "development"
    if not settings.issuer and not (config_folder() / "issuers.toml").exists():
        told["issuer"] = places.look("CARELOOP_ISSUER", "the issuer of tokens", "issuer")
    return settings.model_copy(update=told)


def config_folder() -> Path:
    from deploy.local.place import run_folder

    return Path(os.environ.get("CARELOOP_CONFIG") or run_folder() / "config")
