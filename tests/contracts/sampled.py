"""The committed samples: one event of each type with every field, and one with only what is required; and a record of each tombstone."""

import json
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent / "samples"
FULL = {file.stem: file for file in sorted(FOLDER.glob("*.json"))}
REQUIRED = {file.stem: file for file in sorted((FOLDER / "required").glob("*.json"))}
TOMBSTONES = {file.stem: json.loads(file.read_bytes()) for file in sorted((FOLDER / "tombstones").glob("*.json"))}


def sample(type: str, *, required: bool = False) -> dict[str, Any]:
    read: dict[str, Any] = json.loads((REQUIRED if required else FULL)[type].read_text(encoding="utf-8"))
    return read
