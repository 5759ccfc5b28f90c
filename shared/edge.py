"""What stands around the whole API, in plain ASGI: who is followed under which id, how much at once, how long, how large, and what is counted."""

import asyncio
import contextlib
import re
from collections.abc import Sequence
from time import perf_counter
from urllib.parse import unquote

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from structlog.contextvars import bound_contextvars

from shared.chinese import LANGUAGE, preferred
from shared.errors import Refusal
from shared.faults import meaning
from shared.ids import uuid7
from shared.logs import log
from shared.metrics import Metrics
from shared.outbox import Cause
from shared.problems import HttpProblem, Internal, Malformed, NoSuchRoute, TooLarge, Unavailable, of_http, of_refusal

LARGEST = 256 * 1024  # bytes of a body
ENOUGH = 8 * 1024 * 1024  # bytes that a body which is too large is read on, so that its sender hears why
LONGEST = 40.0  # seconds of a request; a statement may take 30
AT_ONCE = 200  # requests in one process; one more would only wait longer
CORRELATION = re.compile(r"[A-Za-z0-9._:-]{1,64}")
TRACEPARENT = re.compile(r"[0-9a-f]{2}-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}")
METHODS = frozenset(("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"))
GUARDS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
    "Strict-Transport-Security": "max-age=31536000",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
}


class Edge:
    """The outermost layer; nothing gets past it unanswered or uncounted."""

    def __init__(
        self, app: ASGIApp, *, metrics: Metrics, open_paths: Sequence[str], files: Sequence[tuple[str, re.Pattern[str], int]] = ()
    ) -> None:
        """`files`: where a body may be a file, and how many bytes of it (`shared/http.py`)."""
        self.files = files
        self.app, self.metrics, self.open_paths = app, metrics, frozenset(open_paths)
        self.in_flight = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        if scope["method"] == "HEAD":  # GET without its body; the server beneath leaves that out, and no endpoint need know
            scope = {**scope, "method": "GET"}
        headers = Headers(scope=scope)
        cause = cause_of(headers)
        scope.setdefault("state", {})["cause"] = cause
        language = LANGUAGE.set(preferred(",".join(headers.getlist("accept-language"))))
        answer = Answer(send, scope, cause)
        began = perf_counter()
        self._in_flight(+1)
        with bound_contextvars(correlation_id=cause.correlation):
            try:
                await self._guarded(scope, receive, answer)
            finally:
                LANGUAGE.reset(language)
                self._in_flight(-1)
                self._count(scope, answer.status, perf_counter() - began)

    async def _guarded(self, scope: Scope, receive: Receive, answer: "Answer") -> None:
        try:
            await self._look(scope, receive)
            async with asyncio.timeout(LONGEST) as deadline:
                scope["state"]["deadline"] = deadline  # a table moves its own (shared/registers/answering.py)
                await self.app(scope, at_most(self._most(scope), receive), answer)
        except ClientDisconnect:
            pass
        except Exception as error:  # noqa: BLE001  the caller gets an answer whatever it was
            problem = error if isinstance(error, HttpProblem) else meaning(error, self.metrics)
            if isinstance(problem, Internal):
                log.error("a request failed", exc_info=error)
            elif isinstance(problem, Unavailable):
                log.warning("a request could not be served", error=error, detail=str(problem))
            if not answer.begun:
                response = of_refusal(problem) if isinstance(problem, Refusal) else of_http(problem)
                await response(scope, receive, answer)

    async def _look(self, scope: Scope, receive: Receive) -> None:
        """What can be refused before anything else is done."""
        if self.in_flight > AT_ONCE:
            raise Unavailable("Too much at once.", after=1)
        if b"%00" in scope.get("raw_path", b"") or b"%00" in scope["query_string"]:
            raise Malformed(
                "The address contains the character U+0000.", field=parameter_with_nul(scope["query_string"]) or "path", fix="Leave it out."
            )
        if scope["path"].endswith("\n"):  # for a pattern it ends before that, so one thing would have two addresses
            raise NoSuchRoute("Nothing of ours answers there.", fix="Mend the address; /docs shows those there are.")
        length = Headers(scope=scope).get("content-length", "")
        if length.isdecimal() and int(length) > (most := self._most(scope)):
            await swallow(receive)
            raise too_large(most)

    def _most(self, scope: Scope) -> int:
        return next((most for method, path, most in self.files if method == scope["method"] and path.match(scope["path"])), LARGEST)

    def _in_flight(self, change: int) -> None:
        self.in_flight += change
        self.metrics.http_in_flight.set(self.in_flight)

    def _count(self, scope: Scope, status: int, seconds: float) -> None:
        path = scope["path"]
        route = getattr(scope.get("route"), "path", None) or (path if path in self.open_paths else "unmatched")
        method = scope["method"] if scope["method"] in METHODS else "other"
        self.metrics.http_requests_total.labels(method=method, route=route, code=status).inc()
        self.metrics.http_request_duration_seconds.labels(method=method, route=route).observe(seconds)
        staff = scope["state"].get("staff")
        log.info("answered", method=method, route=route, code=status, ms=round(seconds * 1000, 1), principal=staff.sub if staff else None)


def parameter_with_nul(query: bytes) -> str | None:
    """Its name, where it is a value that has it."""
    parts = (it.partition(b"=") for it in query.split(b"&"))
    return next((unquote(name.decode("latin-1"))[:64] for name, _, value in parts if b"%00" in value and b"%00" not in name), None)


class Answer:
    """The way out: every answer carries the id and the guards."""

    def __init__(self, send: Send, scope: Scope, cause: Cause) -> None:
        self.send, self.scope, self.cause = send, scope, cause
        self.begun, self.status = False, 499  # what is counted when the caller has gone

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.begun, self.status = True, message["status"]
            headers = MutableHeaders(scope=message)
            headers["X-Correlation-Id"] = self.cause.correlation or ""
            for name, value in GUARDS.items():
                headers.setdefault(name, value)
        await self.send(message)


def cause_of(headers: Headers) -> Cause:
    """What a request is followed under: the caller's id, or its trace's, or a new one."""
    trace = headers.get("traceparent", "")
    trace = trace if TRACEPARENT.fullmatch(trace) else ""
    given = headers.get("x-correlation-id", "")
    return Cause(given if CORRELATION.fullmatch(given) else trace[3:35] or uuid7().hex, trace or None)


def at_most(most: int, receive: Receive) -> Receive:
    """Also a body that does not say how long it is ends somewhere."""
    received = 0

    async def counted() -> Message:
        nonlocal received
        message = await receive()
        received += len(message.get("body", b""))
        if received > most:
            if message.get("more_body"):
                await swallow(receive)
            raise too_large(most)
        return message

    return counted


async def swallow(receive: Receive) -> None:
    """Whoever still sends does not read yet: closed now, the answer would be lost with the connection. But not for ever."""
    swallowed = 0
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(5):
            while swallowed < ENOUGH:
                message = await receive()
                swallowed += len(message.get("body", b""))
                if not message.get("more_body"):
                    return


def too_large(most: int) -> TooLarge:
    return TooLarge(
        f"A body may have {most // 1024} KiB.", headers={"Connection": "close"}, field="", fix="Send less, or in several requests."
    )
