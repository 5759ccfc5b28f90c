"""What a process would be told by this environment."""

import os
import re
from typing import Annotated

import typer

from deploy.answer import AsJson, tell_json, tell_table
from deploy.local.databases import SERVICES

app = typer.Typer()
PASSWORD = re.compile(r"(?<=://)([^/@:]*):.*@|(?<=password=)[^&]*")


@app.callback()
def config() -> None:
    """What a process would be told by this environment."""


@app.command()
def show(
    service: Annotated[
        str | None, typer.Argument(help=f"One of {', '.join(SERVICES)}; what all need if none is named.", metavar="[SERVICE]")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Show the settings as a process would read them here, passwords masked, and where each comes from."""
    from deploy.command.process import service_of
    from shared.settings import ServiceSettings

    kind: type[ServiceSettings] = service_of(service).settings if service else ServiceSettings
    settings = kind.read()
    secrets = os.environ.get("CARELOOP_SECRETS")
    files = {file.upper() for file in os.listdir(secrets)} if secrets else set()
    rows = []
    for name, field in kind.model_fields.items():
        variable = f"CARELOOP_{name.upper()}"
        source = "environment" if variable in os.environ else "file" if variable in files else "default"
        value = masked(str(getattr(settings, name)))
        rows.append({"name": variable, "value": value, "from": source, "meaning": field.description})
    if as_json:
        tell_json(rows)
    else:
        tell_table([row | {"value": row["value"] or None} for row in rows], ("name", "value", "from", "meaning"))


def masked(value: str) -> str:
    """The password of an address is nobody's business."""
    return PASSWORD.sub(lambda found: f"{found[1]}:***@" if found[1] is not None else "***", value)
