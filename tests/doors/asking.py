"""One request as it lies on the wire, given to an API without a port: what a client library would mend on the way arrives as it is."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote

import orjson

PATIENCE = 50  # seconds; shared/edge.py gives up after 40, so whoever waits longer hangs


@dataclass(frozen=True, slots=True)
class Request:
    method: str
    target: str  # path and query as they are sent
    headers: Mapping[str, str]
    body: bytes = b""
    breaks_off: bool = False  # the body ends in the middle, with its sender

    def __str__(self) -> str:
        known = {name: "…" if name == "Authorization" else it for name, it in self.headers.items()}
        return f"{self.method} {self.target[:300]} {known} {self.body[:400]!r}"


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    headers: Mapping[str, str]
    content: bytes

    @property
    def kind(self) -> str:
        return self.headers.get("content-type", "").partition(";")[0]

    def told(self) -> Any:
        return orjson.loads(self.content)


async def ask(app: Any, request: Request) -> Answer:
    """What is answered; status 0 is no answer at all. Raises what gets out of the API, and TimeoutError where it hangs."""
    path, _, query = request.target.partition("?")
    scope: dict[str, Any] = {
        "type": "http", "asgi": {"version": "3.0", "spec_version": "2.3"}, "http_version": "1.1", "method": request.method, "scheme": "http",
        "path": unquote(path), "raw_path": path.encode(), "query_string": query.encode(), "root_path": "", "client": ("127.0.0.1", 1), "server": ("api", 80),
        "headers": [(name.lower().encode("latin-1"), it.encode("latin-1")) for name, it in request.headers.items()],
    }  # fmt: skip
    pieces: Sequence[dict[str, Any]] = [{"type": "http.request", "body": request.body, "more_body": request.breaks_off}]
    waiting, begun, content = list(pieces), dict[str, Any](), bytearray()

    async def receive() -> dict[str, Any]:
        if waiting:
            return waiting.pop(0)
        if not request.breaks_off:
            await asyncio.sleep(PATIENCE)  # the caller stays on the line
        return {"type": "http.disconnect"}

    async def send(message: dict[str, Any]) -> None:
        if message["type"] == "http.response.start":
            begun.update(message)
        else:
            content.extend(message.get("body", b""))

    async with asyncio.timeout(PATIENCE):
        await app(scope, receive, send)
    headers = {name.decode("latin-1").lower(): it.decode("latin-1") for name, it in begun.get("headers", ())}
    return Answer(begun.get("status", 0), headers, bytes(content))
