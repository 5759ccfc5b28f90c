"""Reads the public APIs as any client would, for the pages of a local system: as a viewer, with a token that is renewed."""

import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import httpx

from deploy.local.issuer import sign

LIFE = 3600  # seconds


class NoAnswer(Exception):
    """In a sentence for the page."""


class Asking:
    def __init__(self, addresses: Mapping[str, str], issuer: Path) -> None:
        self.addresses, self.issuer = addresses, issuer
        self.client = httpx.AsyncClient(timeout=3, trust_env=False)
        self.token, self.until = "", 0.0

    async def items(self, service: str, path: str, **params: Any) -> list[dict[str, Any]]:
        """The first page of a register."""
        if time.monotonic() > self.until:
            self.token, self.until = sign(self.issuer, ["viewer"], subject="mailbox", seconds=2 * LIFE), time.monotonic() + LIFE
        try:
            answer = await self.client.get(
                f"{self.addresses[service]}{path}", params=params, headers={"Authorization": f"Bearer {self.token}"}
            )
            answer.raise_for_status()
            items: list[dict[str, Any]] = answer.json()["items"]
        except httpx.HTTPStatusError as error:
            raise NoAnswer(f"{service} answered {error.response.status_code}.") from error
        except (httpx.HTTPError, ValueError, KeyError) as error:
            raise NoAnswer(f"{service} does not answer at the moment.") from error
        return items
