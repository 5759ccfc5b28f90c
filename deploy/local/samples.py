"""The sample events of a first start: made-up customers and orders whose moments are filled in when they are played.

`{now}`, `{now-5m}`, `{now-3d}` become moments, `{today+2d}` a date in Asia/Shanghai. Whoever prefers e-mail hears at any hour; an SMS waits for the morning.
"""

import json
import re
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

FILE = Path(__file__).with_name("samples.jsonl")
ZONE = ZoneInfo("Asia/Shanghai")
PLACEHOLDER = re.compile(r"\{(now|today)(?:([+-]\d+)([dhm]))?\}")
SPANS = {"d": timedelta(days=1), "h": timedelta(hours=1), "m": timedelta(minutes=1)}


def filled(at: datetime, text: str | None = None) -> str:
    """JSON lines as they are published at that moment."""
    local = at.astimezone(ZONE).replace(microsecond=0)

    def fill(found: re.Match[str]) -> str:
        moment = local + int(found[2]) * SPANS[found[3]] if found[2] else local
        return moment.isoformat() if found[1] == "now" else moment.date().isoformat()

    return PLACEHOLDER.sub(fill, FILE.read_text(encoding="utf-8") if text is None else text)


def count() -> int:
    return len(FILE.read_text(encoding="utf-8").splitlines())


def readers() -> set[str]:
    """The e-mail addresses that hear something whatever the hour."""
    events: list[dict[str, Any]] = [json.loads(line) for line in FILE.read_text(encoding="utf-8").splitlines()]
    declared = (event["data"] for event in events if event["type"] == "customer.declared.v1")
    return {data["emails"][0] for data in declared if data.get("preferred_channel") == "email"}
