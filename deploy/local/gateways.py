"""The local gateways as one process: mail by SMTP, SMS and chats by HTTP, and pages that show what arrived and what happened.

The SMS contract: `POST /messages {"to": "+86…", "text": "…"}` with `Idempotency-Key`: 202 `{"id", "status": "accepted"}`; the same again: 200 and the
same id; the same key with another body: 409; any other 4xx is for good, 429 and 5xx are for now.
"""

import argparse
import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import asdict
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import uvicorn
import uvloop
from aiosmtpd.smtp import SMTP
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from deploy.local import stories
from deploy.local.asking import Asking
from deploy.local.mailbox import Mailbox
from deploy.local.mailbox_page import page
from deploy.local.stories_page import newest_page, story_page
from deploy.local.waiting import waiting
from shared.units import Units

ZONE = ZoneInfo("Asia/Shanghai")


@contextlib.asynccontextmanager
async def smtp(mailbox: Mailbox, port: int) -> AsyncIterator[int]:
    """Takes mail while the block runs; yields the port."""
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: SMTP(mailbox, enable_SMTPUTF8=True, loop=loop, hostname="mailbox"), "127.0.0.1", port)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()


def web(mailbox: Mailbox, asking: Asking | None = None, zone: ZoneInfo = ZONE) -> Starlette:
    """The SMS gateway, the list and the pages; nobody to ask: the mailbox alone."""

    async def take(request: Request) -> Response:
        key = request.headers.get("Idempotency-Key", "")
        try:
            told: Any = await request.json()
            to, text = told["to"], told["text"]
        except (ValueError, KeyError, TypeError):
            return JSONResponse({"error": "The body is a JSON object with `to` and `text`."}, 400)
        if not key or not isinstance(to, str) or not isinstance(text, str):
            return JSONResponse({"error": "`to` and `text` are strings, and the header Idempotency-Key is needed."}, 422)
        status, answer = await mailbox.sms(key, to, text)
        return JSONResponse(answer, status)

    async def hear(request: Request) -> Response:
        """A chat of staff, of the kind `generic`."""
        try:
            told: Any = await request.json()
            subject, text = str(told["subject"]), str(told["text"])
        except (ValueError, KeyError, TypeError):
            return JSONResponse({"error": "The body is a JSON object with `subject` and `text`."}, 400)
        status = await mailbox.chat(request.headers.get("Idempotency-Key", ""), request.path_params["name"], subject, text)
        return JSONResponse({}, status)

    async def listed(request: Request) -> Response:
        since = request.query_params.get("since", "0")
        after = int(since) if since.isdecimal() else 0
        return JSONResponse({"items": [asdict(entry) for entry in mailbox.entries[after:]], "last": len(mailbox.entries)})

    async def shown(request: Request) -> Response:
        return Response(page(mailbox.entries, await waiting(asking), zone), media_type="text/html")

    async def newest(request: Request) -> Response:
        assert asking
        return Response(newest_page(await stories.newest(asking), zone), media_type="text/html")

    async def story(request: Request) -> Response:
        assert asking
        correlation: str = request.path_params["correlation"]
        return Response(story_page(await stories.story(asking, correlation), correlation, zone), media_type="text/html")

    ways_in = [Route("/messages", take, methods=["POST"]), Route("/chats/{name}", hear, methods=["POST"])]
    routes = [*ways_in, Route("/messages.json", listed), Route("/", shown)]
    return Starlette(routes=[*routes, *([Route("/stories", newest), Route("/stories/{correlation}", story)] if asking else [])])


async def serve(mailbox: Mailbox, http_port: int, smtp_port: int, asking: Asking | None = None, zone: ZoneInfo = ZONE) -> None:
    settings = uvicorn.Config(
        web(mailbox, asking, zone), host="127.0.0.1", port=http_port, access_log=False, log_level="warning", lifespan="off"
    )
    async with smtp(mailbox, smtp_port):
        await uvicorn.Server(settings).serve()


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--http", type=int, required=True)
    parser.add_argument("--smtp", type=int, required=True)
    parser.add_argument("--api", action="append", default=[], help="whom to ask what waits and what happened: followup=http://…")
    parser.add_argument("--issuer", type=Path, required=True, help="the folder of the development issuer, to be allowed to ask")
    parser.add_argument("--units", type=Path, required=True, help="units.toml, whose default unit's time is shown")
    told = parser.parse_args()
    units = Units.read(told.units)
    mailbox = Mailbox(told.folder / "requests.jsonl")
    asking = Asking(dict(it.split("=", 1) for it in told.api), told.issuer)
    uvloop.run(serve(mailbox, told.http, told.smtp, asking, units[units.default].clock))


if __name__ == "__main__":
    main()
