"""A development bearer token, signed with the key of this checkout."""

import os
import re
import sys
from pathlib import Path
from typing import Annotated

import typer

from deploy.local.issuer import ROLES, only_in_development, sign
from deploy.local.place import run_folder

app = typer.Typer()
UNITS_OF_TIME = {"s": 1, "m": 60, "h": 3600, "d": 86400}


def seconds(ttl: str) -> int:
    found = re.fullmatch(r"(\d{1,6})([smhd])", ttl)
    if found is None or int(found[1]) == 0:
        raise typer.BadParameter(f"{ttl!r} is no time to live: write 30m, 8h or 2d.")
    return int(found[1]) * UNITS_OF_TIME[found[2]]


def units_there() -> list[str]:
    """Those of the system that runs here; none where none is. Read without `shared.units`, whose libraries take longer than the token."""
    import tomllib

    file = Path(os.environ.get("CARELOOP_CONFIG") or run_folder() / "config") / "units.toml"
    try:
        return sorted(tomllib.loads(file.read_text(encoding="utf-8"))["units"])
    except (OSError, ValueError, KeyError, TypeError):
        return []


@app.command()
def token(
    role: Annotated[list[str], typer.Argument(help=f"One or several of {', '.join(ROLES)}.", metavar="ROLE", show_default=False)],
    unit: Annotated[list[str], typer.Option(help="A unit of units.toml; may be repeated. None: all units.")] = [],  # noqa: B006
    post: Annotated[list[str], typer.Option(help="A post, such as quality_manager; may be repeated.")] = [],  # noqa: B006
    subject: Annotated[str, typer.Option(help="Who is acting.")] = "developer",
    ttl: Annotated[str, typer.Option(help="How long it is good: 30m, 8h, 2d.")] = "8h",
) -> None:
    """Print a development bearer token for a role."""
    only_in_development(unsaid="development")  # the key is there only where `make run` made it
    for name in role:
        if name not in ROLES:
            raise typer.BadParameter(f"There is no role {name!r}; the roles are {', '.join(ROLES)}.")
    life = seconds(ttl)
    known = units_there() if unit else []
    for name in unit:
        if known and name not in known:
            raise typer.BadParameter(f"There is no unit {name!r}; units.toml has {', '.join(known)}.")
    folder = run_folder() / "issuer"
    if not (folder / "key.json").exists():
        sys.stderr.write("There is no development issuer in this checkout yet: `make run` makes one.\n")
        raise typer.Exit(1)
    typer.echo(sign(folder, role, subject=subject, units=unit, posts=post, seconds=life))
