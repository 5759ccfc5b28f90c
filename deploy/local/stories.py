"""What happened to a thing, event by event: put together from what each service announced under one correlation id."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from deploy.local.asking import Asking, NoAnswer

TELLERS = ("customers", "complaints", "followup", "reception")
THINGS = {"complaint": ("complaints", "/v1/complaints"), "visit": ("reception", "/v1/visits"), "inquiry": ("reception", "/v1/inquiries")}
NEWEST, MOST = 20, 200
Item = dict[str, Any]


@dataclass(frozen=True)
class Told:
    """What was found, and a sentence for each service that could not be asked."""

    items: Sequence[Item]
    trouble: Sequence[str] = ()


async def newest(asking: Asking) -> Told:
    """The newest complaints, visits and inquiries; `correlation` leads to the story of each."""
    found, trouble = await answers(asking, {kind: (*place, {"limit": NEWEST}) for kind, place in THINGS.items()})
    return Told([{"kind": kind, **it} for kind, items in found.items() for it in items], trouble)


async def story(asking: Asking, correlation: str) -> Told:
    """All that came of one thing, in every service, in the order in which it happened."""
    asked = {service: (service, "/v1/events", {"correlationid": correlation, "limit": MOST}) for service in TELLERS}
    found, trouble = await answers(asking, asked)
    events = [it for items in found.values() for it in items]
    return Told(sorted(events, key=lambda it: (it["time"], it["id"])), trouble)


async def answers(asking: Asking, asked: Mapping[str, tuple[str, str, Mapping[str, Any]]]) -> tuple[dict[str, list[Item]], list[str]]:
    """By name, what the services answer; whoever does not answer is no reason to show nothing."""

    async def one(service: str, path: str, params: Mapping[str, Any]) -> list[Item] | NoAnswer:
        try:
            return await asking.items(service, path, **params)
        except NoAnswer as error:
            return error

    told = dict(zip(asked, await asyncio.gather(*(one(*it) for it in asked.values())), strict=True))
    found = {name: it for name, it in told.items() if not isinstance(it, NoAnswer)}
    return found, sorted({str(it) for it in told.values() if isinstance(it, NoAnswer)})
