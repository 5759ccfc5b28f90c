"""Where a checkout keeps what `make run` makes: `.run/`, data and logs, until `make clean`."""

import json
import os
from pathlib import Path
from typing import Any


def run_folder() -> Path:
    """`.run/` of this checkout, or the folder that CARELOOP_RUN names."""
    return Path(os.environ.get("CARELOOP_RUN") or Path(__file__).parents[2] / ".run").absolute()


def write_private(file: Path, content: str) -> None:
    """Whole or not at all, and for nobody else's eyes."""
    half = file.with_name(f"{file.name}.new")
    half.unlink(missing_ok=True)
    with open(os.open(half, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as stream:
        stream.write(content)
    half.rename(file)


def read_json(file: Path) -> dict[str, Any]:
    """What the file holds, nothing when it is not there."""
    try:
        found = json.loads(file.read_text())
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}
