"""How much one caller may ask: a limit for each class of requests, counted per principal, in each process for itself.

Counted by who asks, never by address: behind an ingress all have one, and `X-Forwarded-For` is the caller's own text. Whoever has no good
token is turned away before anything is counted or read; the ingress bounds those.
"""

import time
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from math import ceil
from typing import Literal, Self, get_args

from limits import RateLimitItem, parse
from limits.aio.storage import MemoryStorage
from limits.aio.strategies import SlidingWindowCounterRateLimiter
from starlette.requests import Request

from shared.auth import Principal
from shared.metrics import Metrics
from shared.problems import HttpProblem
from shared.registers.asking import Format, format_of
from shared.settings import ServiceSettings

Class = Literal["read", "write", "search", "export", "sensitive"]
CLASSES: tuple[Class, ...] = get_args(Class)
AT_ONCE = 40  # requests of one principal that are answered at a time; a process answers 200 (shared/edge.py)
PAGING = frozenset(("cursor", "limit", "count", "format"))  # what a register is asked beside its filters
EXPORTS = "/v1/exports"  # asking for one, and fetching it; to look how far it is costs nothing
SENSITIVE = frozenset(("erasures.request", "erasures.approve", "disclosures.make", "disclosures.read"))


class TooManyRequests(HttpProblem):
    """You ask too much at once."""

    status = 429


class Limits:
    """What is left to whom. A class without a limit is not counted."""

    def __init__(self, allowed: Mapping[Class, RateLimitItem], metrics: Metrics, *, systems: int = 1) -> None:
        """`systems`: how many times as much the role `integration` may ask; not of what is sensitive."""
        self._allowed, self._metrics = dict(allowed), metrics
        self._of_systems = {kind: it if kind == "sensitive" else many(it, systems) for kind, it in allowed.items()}
        self._answering: Counter[str] = Counter()
        self._counted = SlidingWindowCounterRateLimiter(MemoryStorage())
        for kind in (*CLASSES, "at_once"):
            metrics.rate_limited_total.labels(**{"class": kind})

    @classmethod
    def of(cls, settings: ServiceSettings, metrics: Metrics) -> Self:
        """In development there are none but those that are set: what is tried there are not its callers."""
        told = {
            kind: getattr(settings, name)
            for kind in CLASSES
            if (name := f"limit_{kind}") in settings.model_fields_set or settings.environment == "production"
        }
        return cls({kind: parse(it) for kind, it in told.items() if it != "off"}, metrics, systems=settings.limit_integration)

    @contextmanager
    def under_way(self, staff: Principal) -> Iterator[None]:
        """While one is answered. Who sends many at once, and slowly, would keep the others out."""
        if self._allowed and self._answering[staff.sub] >= AT_ONCE:
            self._metrics.rate_limited_total.labels(**{"class": "at_once"}).inc()
            raise TooManyRequests(
                f"{AT_ONCE} of your requests are being answered at this moment.",
                headers={"Retry-After": "1"},
                fix="Wait until one of them is answered.",
            )
        self._answering[staff.sub] += 1
        try:
            yield
        finally:
            self._answering[staff.sub] -= 1
            if not self._answering[staff.sub]:
                del self._answering[staff.sub]

    async def spend(self, staff: Principal, request: Request, permission: str | None) -> None:
        """One request of its class; refused when the class is used up."""
        kind = class_of(request, permission)
        allowed = (self._of_systems if "integration" in staff.roles else self._allowed).get(kind)
        if allowed is None or await self._counted.hit(allowed, kind, staff.sub):
            return
        self._metrics.rate_limited_total.labels(**{"class": kind}).inc()
        reset, left = await self._counted.get_window_stats(allowed, kind, staff.sub)
        wait = ceil(reset - time.time() + allowed.get_expiry() / allowed.amount)  # when the window begins to give back, and gives one
        raise TooManyRequests(
            f"You may send {allowed.amount} requests of the class {kind} in {allowed.get_expiry()} seconds, and have sent them.",
            headers={
                "Retry-After": str(wait),
                "RateLimit-Policy": f'"{kind}";q={allowed.amount};w={allowed.get_expiry()}',
                "RateLimit": f'"{kind}";r={left};t={wait}',
            },
            fix=f"Try again in {wait} seconds.",
        )


def class_of(request: Request, permission: str | None) -> Class:
    """What a request costs us, by what it asks for."""
    if permission and (permission in SENSITIVE or permission.endswith(".unmask")):
        return "sensitive"
    path = request.scope["path"]
    if (path == EXPORTS and request.method == "POST") or (path.startswith(f"{EXPORTS}/") and path.endswith("/file")):
        return "export"
    if request.method not in ("GET", "HEAD"):
        return "write"
    if format_of(request.query_params, request.headers.get("accept", "")) in (Format.CSV, Format.XLSX):
        return "export"
    return "search" if request.query_params.keys() - PAGING else "read"


def many(one: RateLimitItem, times: int) -> RateLimitItem:
    return type(one)(one.amount * times, one.multiples, one.namespace)
