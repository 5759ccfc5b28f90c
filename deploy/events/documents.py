"""What `docs/events` holds: a JSON Schema for every event, and the AsyncAPI document of all services."""

import json
from collections.abc import Mapping
from importlib import import_module
from pathlib import Path
from typing import Any

from shared.asyncapi import document
from shared.contracts.registry import INBOUND_TYPES, OWN_TYPES, topics_of
from shared.schemas import DIALECT, Schema, schema_of
from shared.topics import SERVICES

FOLDER = Path(__file__).parents[2] / "docs" / "events"


def documents() -> dict[str, Schema]:
    """By their paths in the folder, as contracts, catalogue and services say today."""
    listeners = {name: import_module(f"services.{name}.app").service.listeners for name in SERVICES}
    return {"asyncapi.json": document("Careloop", listeners)} | {path(name): it for name, it in schemas().items()}


def schemas() -> dict[str, Schema]:
    """By the events' names."""
    return {
        name: {"$schema": DIALECT, "title": name, "x-topic": ", ".join(topics_of(name))} | schema_of(contract)
        for name, contract in (*INBOUND_TYPES.items(), *OWN_TYPES.items())
    }


def path(event: str) -> str:
    return f"schemas/{event}.json"


def committed(folder: Path) -> dict[str, Any]:
    """What was written before."""
    return {file.relative_to(folder).as_posix(): json.loads(file.read_bytes()) for file in sorted(folder.rglob("*.json"))}


def by_event(told: Mapping[str, Schema]) -> dict[str, Schema]:
    return {it["title"]: it for file, it in told.items() if file.startswith("schemas/")}


def write(folder: Path, told: Mapping[str, Schema]) -> None:
    for file, it in told.items():
        (folder / file).parent.mkdir(parents=True, exist_ok=True)
        (folder / file).write_text(json.dumps(it, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")
