"""The customers' gateway: mail by SMTP, short messages by HTTP, with a log of all that came. It can be slow, be away, and lie.

Its lies are those that a provider can tell: it takes a short message and says that it failed, it takes a message and hangs up before it says so, it
says twice that it took a mail. One that says yes and throws the message away can't be told from an honest one, so that is no part of this.
"""

import asyncio
import contextlib
import logging
from binascii import crc32
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, Literal

import uvicorn
from aiosmtpd.smtp import SMTP, Envelope, Session

from deploy.local.gateways import web
from deploy.local.leash import a_port
from deploy.local.mailbox import Channel, Mailbox, Trouble

Mood = Literal["well", "slow", "lying"]
Lie = Literal["says no", "hangs up", "says it twice"]
LIES: dict[Channel, tuple[Lie | None, ...]] = {
    "sms": ("says no", "hangs up", None, None),
    "email": (
        "hangs up",
        "says it twice",
        None,
        None,
    ),  # a mail server that takes a mail and refuses it makes us send it for ever: so RFC 5321 wants it
}
SLOW = 2.0, 3.0, 4.0  # seconds


class Provider(Mailbox):
    """Keeps everything, and behaves as its mood is."""

    def __init__(self, file: Path) -> None:
        super().__init__(file, self.trouble)
        self.how: Mood = "well"
        self.hung_up: set[str] = set()  # keys whose answer is cut off now

    def trouble(self, channel: Channel, key: str, seen: int) -> Trouble | None:
        if self.how == "slow":
            return Trouble(delay=SLOW[chance(key, seen) % len(SLOW)])
        if self.lie(channel, key, seen) == "says no":
            return Trouble(status=500, keeps=True)
        return None

    def lie(self, channel: Channel, key: str, seen: int) -> Lie | None:
        lies = LIES[channel]
        return lies[chance(key, seen) % len(lies)] if self.how == "lying" else None

    async def sms(self, key: str, to: str, text: str) -> tuple[int, dict[str, str]]:
        if self.lie("sms", key, self.seen.get(("sms", key), 0)) == "hangs up":
            self.hung_up.add(key)
        return await super().sms(key, to, text)

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        before = len(self.entries)
        answer = await super().handle_DATA(server, session, envelope)
        key = self.entries[before].key if len(self.entries) > before else ""
        match self.lie("email", key, self.seen.get(("email", key), 1) - 1):
            case "hangs up":
                assert server.transport
                server.transport.abort()
            case "says it twice":
                await server.push(answer)
        return answer


def chance(key: str, seen: int) -> int:
    """The same for the same message, whenever it comes."""
    return crc32(f"{key} {seen}".encode())


class Gateway:
    """Comes back at its ports."""

    def __init__(self, folder: Path) -> None:
        self.provider = Provider(folder / "mailbox" / "requests.jsonl")
        self.smtp_port, self.http_port = a_port(), a_port()
        self.guests: set[asyncio.Transport] = set()
        logging.getLogger("mail.log").setLevel(logging.CRITICAL)  # whom we hang up on is no news

    @property
    def settings(self) -> dict[str, str]:
        return {"CARELOOP_SMTP": f"smtp://127.0.0.1:{self.smtp_port}", "CARELOOP_SMS": f"http://127.0.0.1:{self.http_port}/messages"}

    async def open(self) -> None:
        loop = asyncio.get_running_loop()
        self.mail = await loop.create_server(self.guest, "127.0.0.1", self.smtp_port)
        settings = uvicorn.Config(
            self.web, interface="asgi3", host="127.0.0.1", port=self.http_port, access_log=False, log_level="critical", lifespan="off", timeout_graceful_shutdown=1,
        )  # fmt: skip
        self.http = uvicorn.Server(settings)
        self.http.capture_signals = contextlib.nullcontext  # type: ignore[method-assign]  # Ctrl-C is not for it
        self.serving = asyncio.create_task(self.http.serve())

    async def close(self) -> None:
        """Who is inside is put out."""
        self.mail.close()
        for transport in self.guests:
            transport.abort()
        self.guests.clear()
        self.http.should_exit = True
        await self.serving

    def guest(self) -> SMTP:
        guests = self.guests

        class Guest(SMTP):
            def connection_made(self, transport: Any) -> None:
                guests.add(transport)
                super().connection_made(transport)

            def connection_lost(self, error: Exception | None) -> None:
                guests.discard(self.transport)
                super().connection_lost(error)

        return Guest(self.provider, enable_SMTPUTF8=True, loop=asyncio.get_running_loop(), hostname="gateway")

    async def web(self, scope: Any, receive: Any, send: Any) -> None:
        """An answer that is cut off promises more than it says."""
        key = dict(scope["headers"]).get(b"idempotency-key", b"").decode()

        async def told(message: Any) -> None:
            if key not in self.provider.hung_up:
                await send(message)
            elif message["type"] == "http.response.start":
                await send(message | {"headers": [(b"content-length", b"1000")]})

        await web(self.provider)(scope, receive, told)
        self.provider.hung_up.discard(key)


@contextlib.asynccontextmanager
async def a_gateway(folder: Path) -> AsyncIterator[Gateway]:
    gateway = Gateway(folder)
    await gateway.open()
    try:
        yield gateway
    finally:
        await gateway.close()
