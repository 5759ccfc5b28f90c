"""Where an issuer's key set is: in a file, at an address, or where its OIDC discovery says."""

import asyncio
import ssl
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import orjson

LARGEST = 256 * 1024  # bytes of an answer
PATIENCE = 3.0  # seconds for the issuer to answer
DISCOVERY = "/.well-known/openid-configuration"


class WrongKeySet(ValueError):
    """It answers, but not with what can be believed; the text is for operators."""


@dataclass(frozen=True, slots=True)
class Whereabouts:
    """What is known of them. `source` is an address or a file; without it the issuer is asked."""

    source: str = ""
    issuer: str = ""
    ca: Path | None = None  # certificates to trust an address by, instead of the public ones
    bearer: Path | None = None  # a file with the token that it wants to see

    def __str__(self) -> str:
        return self.source or self.issuer.rstrip("/") + DISCOVERY

    async def read(self) -> bytes:
        """The key set as it is now. Redirects are not followed: nobody but the operator says whom we ask."""
        if self.source and not self.source.startswith(("http://", "https://")):
            return await asyncio.to_thread(Path(self.source.removeprefix("file://")).read_bytes)
        verify = ssl.create_default_context(cafile=self.ca) if self.ca else True
        token = (await asyncio.to_thread(self.bearer.read_text)).strip() if self.bearer else ""
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        async with httpx.AsyncClient(timeout=PATIENCE, trust_env=False, verify=verify, headers=headers) as client:
            return await got(client, self.source or await self._discovered(client))

    async def _discovered(self, client: httpx.AsyncClient) -> str:
        try:
            told: Any = orjson.loads(await got(client, self.issuer.rstrip("/") + DISCOVERY))
        except httpx.HTTPStatusError as error:
            if error.response.status_code != 404:
                raise
            return self.issuer.rstrip("/") + "/jwks"  # an issuer without discovery
        if not isinstance(told, dict) or told.get("issuer") != self.issuer:
            raise WrongKeySet("the discovery document is another issuer's")
        address = told.get("jwks_uri")
        if not isinstance(address, str) or not address.startswith(("https://", self.issuer.partition("//")[0] + "//")):
            raise WrongKeySet("the discovery document names no address of keys that can be trusted (jwks_uri)")
        return address


async def got(client: httpx.AsyncClient, address: str) -> bytes:
    async with client.stream("GET", address) as answer:
        answer.raise_for_status()
        text = b""
        async for part in answer.aiter_bytes():
            text += part
            if len(text) > LARGEST:
                raise WrongKeySet("the answer is too large")
        return text
