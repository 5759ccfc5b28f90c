"""One process of a service, as the image and `careloop run` start it."""

from importlib import import_module
from typing import Annotated, Any

import typer
import uvloop

from deploy.local.databases import SERVICES

app = typer.Typer()
Name = Annotated[str, typer.Argument(help=f"One of {', '.join(SERVICES)}.", metavar="SERVICE", show_default=False)]


def service_of(name: str) -> Any:
    """What `services/<name>/app.py` says of itself."""
    if name not in SERVICES:
        raise typer.BadParameter(f"there is no service {name!r}; the services are {', '.join(SERVICES)}.")
    return import_module(f"services.{name}.app").service


@app.command()
def api(service: Name) -> None:
    """Answer HTTP for one service; settings come from CARELOOP_… in the environment."""
    found = service_of(service)
    from shared.api import run_api

    uvloop.run(run_api(found, found.settings.read("database")))


@app.command()
def worker(service: Name) -> None:
    """Listen, announce and keep time for one service; settings come from CARELOOP_… in the environment."""
    found = service_of(service)
    from shared.worker import run_worker

    uvloop.run(run_worker(found, found.settings.read("database", "kafka")))
