"""Those who call: so many connections, each sending the next complaint as soon as the last one is answered. A process of its own.

Bare sockets and one rendered text: what asks must cost little beside what answers, and an HTTP client for Python costs as much as a server.
What it is to do comes in as JSON, and what it found goes out as JSON.
"""

import asyncio
import sys
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import count
from time import perf_counter, process_time
from typing import Any

import orjson
import uvloop

SAID = (
    "6月3日送到的两卷热轧卷（合同 SO-2231，规格 3.0 x 1250）开卷后发现边部有连续的折叠和裂口，长约四十米，"
    "现场主管和质检员都看过了，照片已经发给业务员。我们的产线停了一个班，客户那边在催。请派人来看，这批料我们暂时不敢用。"
)  # fmt: skip
WISH = "请在一周之内换货，并承担停线的损失。"
PATIENCE = 30.0  # seconds for what is under way when the time is over


@dataclass
class Calls:
    """What all connections have in common."""

    head: bytes  # with places for the key and the body
    body: bytes  # with a place for the customer
    seed: str
    until: float = 0.0
    numbers: Any = field(default_factory=count)
    took: list[float] = field(default_factory=list)
    in_time: int = 0
    refused: str | None = None

    def next(self) -> bytes:
        """Of a customer whom nobody has named before, with a key that nobody has used."""
        number = next(self.numbers)
        return self.head % (self.seed.encode(), number) + self.body % number


class Caller(asyncio.Protocol):
    """One connection."""

    def __init__(self, calls: Calls) -> None:
        self.calls, self.heard, self.asked = calls, b"", 0.0
        self.ended: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: Any) -> None:
        self.transport = transport
        self.ask()

    def ask(self) -> None:
        self.asked = perf_counter()
        self.transport.write(self.calls.next())

    def data_received(self, data: bytes) -> None:
        self.heard += data
        head, blank, body = self.heard.partition(b"\r\n\r\n")
        if not blank or len(body) < length_in(head):
            return
        now, calls = perf_counter(), self.calls
        calls.took.append(now - self.asked)
        calls.in_time += now < calls.until
        if not head.startswith(b"HTTP/1.1 201"):
            calls.refused = calls.refused or self.heard.decode(errors="replace")
        self.heard = b""
        if now < calls.until and not calls.refused:
            self.ask()
        else:
            self.transport.close()

    def connection_lost(self, _: Exception | None) -> None:
        self.ended.set_result(None)


def length_in(head: bytes) -> int:
    return int(head.lower().partition(b"content-length:")[2].partition(b"\r\n")[0])


def calls_of(token: str, seed: str) -> Calls:
    """As a desk would write a complaint down, with all that may be said."""
    heard = datetime.now(UTC) - timedelta(minutes=20)
    told = {
        "customer": {"system": "erp", "id": f"C-{seed}-%09d"}, "channel": "phone", "category": "surface", "content": SAID, "expected_remedy": WISH,
        "order_id": "SO-2026-0002231", "received_at": heard.isoformat(),
    }  # fmt: skip
    body = orjson.dumps(told)
    head = "\r\n".join((
        "POST /v1/complaints HTTP/1.1", "Host: 127.0.0.1", f"Authorization: Bearer {token}", "Content-Type: application/json", "Accept: application/json",
        f"Content-Length: {len(body % 0)}", "Idempotency-Key: %b-%09d", "", "",
    ))  # fmt: skip
    return Calls(head.encode(), body, seed)


async def call(port: int, connections: int, seconds: float, token: str, seed: str) -> dict[str, float]:
    """Time and CPU count from the first word to the last."""
    calls, loop = calls_of(token, seed), asyncio.get_running_loop()
    used, began = process_time(), perf_counter()
    calls.until = began + seconds
    callers = [(await loop.create_connection(lambda: Caller(calls), "127.0.0.1", port))[1] for _ in range(connections)]
    async with asyncio.timeout(seconds + PATIENCE):
        await asyncio.gather(*(it.ended for it in callers))
    if calls.refused or not calls.in_time:
        raise SystemExit(f"a complaint was not taken in: {calls.refused}")
    took = sorted(calls.took)
    return {
        "answered": len(took), "rate": calls.in_time / seconds, "p50": took[len(took) // 2], "p99": took[int(len(took) * 0.99)], "worst": took[-1],
        "cpu": process_time() - used,
    }  # fmt: skip


if __name__ == "__main__":
    sys.stdout.buffer.write(orjson.dumps(uvloop.run(call(**orjson.loads(sys.stdin.buffer.read())))))
