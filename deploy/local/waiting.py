"""What the mailbox page tells of messages that are not there yet: asked of follow-up."""

import asyncio
from dataclasses import dataclass
from typing import Any

from deploy.local.asking import Asking, NoAnswer

STATES = ("held", "awaiting_contact", "planned")


@dataclass(frozen=True)
class Waiting:
    """The notices that wait, and why they could not be asked for when that is so."""

    notices: list[dict[str, Any]]
    trouble: str | None


async def waiting(asking: Asking | None) -> Waiting:
    if asking is None:
        return Waiting([], None)
    try:
        found = await asyncio.gather(*(asking.items("followup", "/v1/notices", state=state, limit=50) for state in STATES))
    except NoAnswer as error:
        return Waiting([], str(error))
    return Waiting([notice for notices in found for notice in notices], None)
