"""What the mailbox page tells of messages that are not there yet: asked of follow-up, as any client would."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from deploy.local.issuer import sign

STATES = ("held", "awaiting_contact", "planned")
LIFE = 3600


@dataclass(frozen=True)
class Waiting:
    """The notices that wait, and why they could not be asked for when that is so."""

    notices: list[dict[str, Any]]
    trouble: str | None


async def nothing() -> Waiting:
    """Where there is no follow-up to ask."""
    return Waiting([], None)


def ask(followup: str, issuer: Path) -> Callable[[], Awaitable[Waiting]]:
    client = httpx.AsyncClient(base_url=followup, timeout=3, trust_env=False)
    token, until = "", 0.0

    async def waits() -> Waiting:
        nonlocal token, until
        if time.monotonic() > until:
            token, until = sign(issuer, ["viewer"], subject="mailbox", seconds=2 * LIFE), time.monotonic() + LIFE
        try:
            found = await asyncio.gather(*(_notices(client, token, state) for state in STATES))
        except httpx.HTTPStatusError as error:
            return Waiting([], f"Follow-up answered {error.response.status_code}.")
        except (httpx.HTTPError, ValueError, KeyError):
            return Waiting([], "Follow-up does not answer at the moment.")
        return Waiting([notice for notices in found for notice in notices], None)

    return waits


async def _notices(client: httpx.AsyncClient, token: str, state: str) -> list[dict[str, Any]]:
    answer = await client.get("/v1/notices", params={"state": state, "limit": 50}, headers={"Authorization": f"Bearer {token}"})
    answer.raise_for_status()
    items: list[dict[str, Any]] = answer.json()["items"]
    return items
