"""A file in pieces on its way to whoever asked for it: one piece in memory at a time, however long its reader takes, as long as they read at all."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from typing import ClassVar

from starlette.requests import ClientDisconnect
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from shared.registers.answering import hung_up, taken, unless

EACH = 120.0  # seconds until a piece must have been taken; half a MiB on the slowest line


class StoredFile(Response):
    """It says how long it is, so that a part of it is not taken for the whole."""

    shows: ClassVar[type] = type(None)  # nothing of its own: it was written with the views of its register

    def __init__(self, pieces: AsyncIterator[bytes], size: int, deadline: asyncio.Timeout, headers: Mapping[str, str]) -> None:
        super().__init__(headers={**headers, "Content-Length": str(size)})
        self.pieces, self.size, self.deadline = pieces, size, deadline

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        gone = asyncio.create_task(hung_up(receive))  # a server takes whatever is sent to nobody
        try:
            await unless(gone, self._sent(send))
        finally:
            gone.cancel()

    async def _sent(self, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": self.raw_headers})
        sent = 0
        async for piece in self.pieces:
            self.deadline.reschedule(asyncio.get_running_loop().time() + EACH)
            await taken(send, {"type": "http.response.body", "body": piece, "more_body": True})
            sent += len(piece)
        if sent < self.size:
            raise ClientDisconnect  # it was forgotten meanwhile
        await send({"type": "http.response.body", "body": b"", "more_body": False})
