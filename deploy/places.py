"""Where things are: what the environment names, otherwise what `make run` wrote into `.run/addresses.json` here or in a folder above."""

import os
from pathlib import Path
from typing import Any

from deploy.local.place import read_json, run_folder
from shared.errors import NotFound


class NotRunning(NotFound):
    """Nobody said where it is."""


def told(name: str) -> str:
    """A setting as a process would read it: a variable, a file of CARELOOP_SECRETS, or put together of its parts."""
    from shared.settings import ServiceSettings

    found: str = getattr(ServiceSettings.read(), name)
    return found


def kafka() -> str:
    """`host:port`, or several with commas."""
    return told("kafka") or look("CARELOOP_KAFKA", "the Kafka broker", "kafka")


def database(service: str) -> str:
    """The DSN with which a service reads and writes its own database."""
    return told("database") or look("CARELOOP_DATABASE", f"the database of {service}", "postgres", service)


def api(service: str) -> str:
    """The HTTP address of a service."""
    name = f"CARELOOP_{service.upper()}"
    return (os.environ.get(name) or look(name, f"the API of {service}", service)).rstrip("/")


def ops(process: str) -> str:
    """The address of a process's probes and metrics: `customers-api`, `followup-worker`."""
    return look("CARELOOP_RUN", f"the process {process}", "ops", process).rstrip("/")


def look(variable: str, what: str, *path: str) -> str:
    found: Any = addresses()
    for step in path:
        found = found.get(step) if isinstance(found, dict) else None
    if not isinstance(found, str):
        raise NotRunning(f"It is not known where {what} is: `make run` starts a system here, or set {variable} to the address of one.")
    return found


def addresses() -> dict[str, Any]:
    """The nearest page of addresses, as a system that runs here wrote it."""
    here = Path.cwd()
    named = [run_folder()] if "CARELOOP_RUN" in os.environ else []
    for folder in [*named, *(above / ".run" for above in (here, *here.parents)), run_folder()]:
        if found := read_json(folder / "addresses.json"):
            return found
    return {}
