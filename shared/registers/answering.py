"""How an endpoint answers with its register: a page of JSON, or all of it as a table that another process writes.

Before the first byte a fault is a problem like any other; after it the connection is cut, so that nobody takes half a file for a whole one. The
process ends with its request, however that ends, also when nobody listens any more. No connection of the API's waits for it.
"""

import asyncio
import contextlib
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import AsyncExitStack
from datetime import datetime
from typing import Annotated, Any
from urllib.parse import quote
from weakref import WeakKeyDictionary

from fastapi import Depends, Query
from sqlmodel.ext.asyncio.session import AsyncSession
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import Message, Receive, Scope, Send

from shared.audit import record
from shared.http import Now, Staff
from shared.paging import Asked, Register
from shared.problems import HttpProblem, problems
from shared.registers.asking import MEDIA, Encoding, Format, Headings, NotAcceptable, Wanted, wanted
from shared.registers.sheet import Asking, Sheet
from shared.registers.writing import MOST_ROWS, Order, Piece, RegisterTooLong, produced
from shared.service import Means

AT_ONCE = 2  # tables in one process; each has a process and a connection of its own
PATIENCE = 10.0  # seconds that a third one waits
LONGEST = 600.0  # seconds from the question to the last byte
STALLED = 60.0  # seconds until whoever reads has to take a piece
FILE = {"schema": {"type": "string", "format": "binary"}}
TABLES: dict[int | str, dict[str, Any]] = {
    200: {"content": {MEDIA[Format.CSV]: {"schema": {"type": "string"}}, MEDIA[Format.XLSX]: FILE}},
    **problems(NotAcceptable, RegisterTooLong),
}  # for the `responses` of such an endpoint


class TablesBusy(HttpProblem):
    """Others are being written."""

    status = 503


class Places:
    """So many tables at a time, counted in each process for itself."""

    def __init__(self) -> None:
        self._of: WeakKeyDictionary[asyncio.AbstractEventLoop, asyncio.Semaphore] = WeakKeyDictionary()

    @contextlib.asynccontextmanager
    async def one(self) -> AsyncGenerator[None]:
        free = self._of.setdefault(asyncio.get_running_loop(), asyncio.Semaphore(AT_ONCE))
        try:
            async with asyncio.timeout(PATIENCE):
                await free.acquire()
        except TimeoutError:
            raise TablesBusy(
                f"{AT_ONCE} tables are being written at this moment.",
                headers={"Retry-After": "30"},
                fix="Try again in 30 seconds, or let it be written in the background: `POST /v1/exports`.",
            ) from None
        try:
            yield
        finally:
            free.release()


PLACES = Places()


class Answering:
    """Called by an endpoint with its sheet: `return await answer(SHEET, session, asked)`."""

    def __init__(self, request: Request, wanted: Wanted, asking: Asking, stack: AsyncExitStack) -> None:
        self._request, self._wanted, self._asking, self._stack = request, wanted, asking, stack

    async def __call__(self, sheet: Sheet, session: AsyncSession, asked: Asked) -> Any:
        session.info["asking"], session.info["company"] = self._asking, self._request.app.state.means.units
        if self._wanted.format is Format.JSON:
            return await listed(sheet, session, asked)
        self._request.scope["state"]["deadline"].reschedule(asyncio.get_running_loop().time() + LONGEST)
        await self._stack.enter_async_context(PLACES.one())
        gone = asyncio.create_task(hung_up(self._request.receive))
        self._stack.callback(gone.cancel)
        pieces = await self._stack.enter_async_context(produced(self._order(sheet)))
        first = await unless(gone, begun(pieces))
        await record(
            session,
            "register.exported",
            about=f"register:{sheet.name}",
            by=self._asking.by,
            at=self._asking.at,
            unit=self._unit(),
            facts={"rows": first.of, "format": self._wanted.format, "filters": sorted(asked.filters)},
        )
        return Download(first, pieces, gone, headers=self._headers(sheet))

    def _order(self, sheet: Sheet) -> Order:
        params, state = self._request.query_params, self._request.app.state
        return Order(
            service=state.service,
            sheet=sheet.name,
            wanted=self._wanted,
            filters={name: params.getlist(name) for name in params.keys() - {"format", "encoding", "headings"}},
            scope=self._request.state.scope.units,
            asking=self._asking,
            units=state.means.units,
            dsn=dsn_of(state.means),
            most=MOST_ROWS,
        )

    def _unit(self) -> str | None:
        """Whose line of the audit trail it is: theirs who work in one unit."""
        own = self._request.state.scope.own
        return own[0] if len(own) == 1 else None

    def _headers(self, sheet: Sheet) -> dict[str, str]:
        units = self._request.app.state.means.units
        return {
            "Content-Type": self._wanted.media,
            "Content-Disposition": disposition(sheet, self._wanted.format, self._asking.at.astimezone(units[units.default].clock)),
            "Vary": "Accept",
        }


async def answering(
    request: Request,
    staff: Staff,
    now: Now,
    format: Annotated[
        Format | None, Query(description="as what it comes; counts for more than `Accept`. A table is the whole register")
    ] = None,
    encoding: Annotated[Encoding | None, Query(description="of CSV; `utf-8` if not said")] = None,
    headings: Annotated[Headings | None, Query(description="of a table: in Chinese, or for programs the names of the fields")] = None,
) -> AsyncGenerator[Answering]:
    """Lives until the answer is sent, and ends whatever was begun for it."""
    as_what = wanted(request.query_params, request.headers.get("accept", ""), encoding=encoding, headings=headings)
    asking = Asking(now, staff.sub, staff.roles, {name: str(it) for name, it in request.path_params.items()})
    async with AsyncExitStack() as stack:
        yield Answering(request, as_what, asking, stack)


Answer = Annotated[Answering, Depends(answering, scope="request")]


async def listed(sheet: Sheet, session: AsyncSession, asked: Asked) -> Any:
    only = await sheet.only(session, asked)
    if not isinstance(sheet.register, Register):
        rows = [it async for page in sheet.register.pages(session, asked, *only) for it in page]
        return {"items": await sheet.shown(session, rows), "next": None, "total": len(rows) if asked.count else None}
    part = await sheet.register.page(session, asked, *only)
    return {"items": await sheet.shown(session, part.items), "next": part.next, "total": part.total}


class Download(Response):
    """A file that is sent as it is written."""

    def __init__(self, first: Piece, pieces: AsyncIterator[Piece], gone: asyncio.Task[None], *, headers: dict[str, str]) -> None:
        super().__init__(headers=headers)
        del self.headers["content-length"]
        self._first, self._pieces, self._gone = first, pieces, gone

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await unless(self._gone, self._sent(send))

    async def _sent(self, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": self.raw_headers})
        await taken(send, {"type": "http.response.body", "body": self._first.content, "more_body": True})
        async for it in self._pieces:
            if it.content:
                await taken(send, {"type": "http.response.body", "body": it.content, "more_body": True})
        await send({"type": "http.response.body", "body": b"", "more_body": False})


async def taken(send: Send, message: Message) -> None:
    """Whoever takes nothing for a while gets no more: a snapshot of the database waits for them."""
    try:
        async with asyncio.timeout(STALLED):
            await send(message)
    except TimeoutError:
        raise ClientDisconnect from None


async def begun(pieces: AsyncIterator[Piece]) -> Piece:
    """The first that has something in it; what fails until then is told as a problem."""
    async for it in pieces:
        if it.content:
            return it
    raise RuntimeError("a table without even its headings")


async def hung_up(receive: Receive) -> None:
    """Ends when the caller is gone; the body was read before."""
    while (await receive())["type"] != "http.disconnect":
        pass


async def unless(gone: asyncio.Task[None], work: Any) -> Any:
    """What comes of the work, if the caller waits for it."""
    doing = asyncio.ensure_future(work)
    try:
        await asyncio.wait((doing, gone), return_when=asyncio.FIRST_COMPLETED)
        if doing.done():
            return doing.result()
        raise ClientDisconnect
    finally:
        doing.cancel()
        with contextlib.suppress(asyncio.CancelledError, Exception):
            await doing


def disposition(sheet: Sheet, format: Format, at: datetime) -> str:
    """A name for every program, and the one that people know for those that can read it.  RFC 6266, RFC 8187"""
    return f"attachment; filename=\"{sheet.name}-{at:%Y%m%d}.{format}\"; filename*=UTF-8''{quote(f'{sheet.title}-{at:%Y%m%d}.{format}')}"


def dsn_of(means: Means) -> str:
    """As this process reads its database."""
    return means.engine.url.render_as_string(hide_password=False)
