"""The HTTP edge: what an endpoint asks for in its signature, and the way every request goes before and after it.

Token, role, key, body; then one transaction around the endpoint, committed before the answer leaves, so that whoever saw a 2xx can rely on it.
"""

import asyncio
import json
import re
from collections.abc import AsyncIterator, Callable, Coroutine, Sequence
from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Security
from fastapi.routing import APIRoute
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from pydantic import AwareDatetime, BaseModel, BeforeValidator, ConfigDict, WithJsonSchema
from pydantic_core import from_json
from sqlmodel.ext.asyncio.session import AsyncSession
from starlette.requests import Request
from starlette.responses import Response

from shared import clock
from shared.auth import Principal
from shared.contracts.values import A_TIME, NO_TIME, Saying
from shared.database import transaction
from shared.idempotency import Replay, claim_of
from shared.ids import digest
from shared.permissions import PERMISSIONS, may
from shared.problems import InvalidRequest, Malformed, NotYourRole, NoUnit, problems
from shared.scope import Scope as Seen
from shared.scope import narrow
from shared.service import Means

PLACE = re.compile(r"at line ([0-9]+) column ([0-9]+)$")  # of what JSON's reader stumbles over
BEARER = HTTPBearer(auto_error=False, bearerFormat="JWT", description="a token of the company's issuer")
__all__ = ["AtHand", "Body", "Moment", "Now", "Router", "Scope", "Session", "Staff", "Step", "View", "allow", "circumstance", "problems"]


class Body(BaseModel):
    """What is sent to us: a field that we do not know is a mistake, and better said than ignored."""

    model_config = ConfigDict(extra="forbid")


def written(told: Any) -> Any:
    """JSON has no times, only strings that look like one; Pydantic alone takes 20260105 for a moment in 1970."""
    if not isinstance(told, str) or not re.fullmatch(A_TIME, told):
        raise ValueError(NO_TIME)
    return told


Moment = Annotated[
    AwareDatetime, BeforeValidator(written), Saying(NO_TIME), WithJsonSchema({"type": "string", "format": "date-time"})
]  # in a body; `Ts` of the contracts


class View(BaseModel):
    """What we show; made from an entity."""

    model_config = ConfigDict(from_attributes=True)


class Allow:
    """The permission that a route needs. `Step` checks it, before anything of the request is read."""

    def __init__(self, permission: str, *, kept: bool = True) -> None:
        if permission not in PERMISSIONS:
            raise ValueError(f"{permission} does not stand in the permission table")
        self.permission, self.kept = permission, kept

    async def __call__(self, _: Annotated[HTTPAuthorizationCredentials | None, Security(BEARER)]) -> None:
        """Here only for the document: this route needs a token."""


def allow(permission: str, *, kept: bool = True) -> Any:
    """For a route's `dependencies`: what its caller must be allowed to do. Not `kept`: its answer must lie nowhere, so a repeat is done anew."""
    return Depends(Allow(permission, kept=kept))


class TakesAFile:
    """The body of a route is a file of any kind. Its endpoint reads it piece by piece, and nobody else."""

    def __init__(self, most: int, longest: float) -> None:
        self.most, self.longest = most, longest

    async def __call__(self) -> None:
        """Here only to be found."""


def takes_a_file(*, most: int, longest: float) -> Any:
    """For a route's `dependencies`: so many bytes, in so many seconds."""
    return Depends(TakesAFile(most, longest))


class Step(APIRoute):
    """An endpoint, and what stands around each of them."""

    @property
    def permission(self) -> str | None:
        return next((it.dependency.permission for it in self.dependencies if isinstance(it.dependency, Allow)), None)

    @property
    def kept(self) -> bool:
        """May its answers be kept, to be given again under the same `Idempotency-Key`?"""
        return all(it.dependency.kept for it in self.dependencies if isinstance(it.dependency, Allow))

    @property
    def file(self) -> TakesAFile | None:
        return next((it.dependency for it in self.dependencies if isinstance(it.dependency, TakesAFile)), None)

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        act = super().get_route_handler()

        async def handle(asked: Request) -> Response:
            staff = await admit(asked, self.permission)
            with asked.app.state.limits.under_way(staff):
                return await answered(Readable(asked.scope, asked.receive), staff)

        async def answered(request: Readable, staff: Principal) -> Response:
            if self.file:
                request.scope["state"]["deadline"].reschedule(asyncio.get_running_loop().time() + self.file.longest)
            else:
                await request.read()
            keeps = request.method == "POST" and self.kept
            request.state.claim = await claim_of(request, who=whoever(staff), route=self.path) if keeps else None
            try:
                response = await act(request)
            except Replay as replay:
                return replay.response
            if request.state.claim:
                await request.state.claim.keep(request.state.session, response)
            return response

        return handle


def whoever(staff: Principal) -> str:
    """Who may be given an old answer again: the same person of the same issuer, who sees as much as then."""
    return f"{staff.sub} {digest(staff.issuer, *sorted(staff.units), *sorted(staff.posts)).hex()}"


class Router(APIRouter):
    """A router whose routes are `Step`s; the only kind that a service may have."""

    def __init__(self, prefix: str, **more: Any) -> None:
        super().__init__(prefix=prefix, route_class=Step, redirect_slashes=False, **more)


class Readable(Request):
    """A request whose body is read strictly, and early enough to say what is wrong with it."""

    async def read(self) -> None:
        body = await self.body()
        if not body:
            return
        kind = self.headers.get("content-type", "").partition(";")[0].strip().lower()
        if kind != "application/json" and not kind.endswith("+json"):
            raise Malformed("The body is not sent as JSON.", field="Content-Type", fix="Send `Content-Type: application/json`.")
        if self.headers.get("content-encoding", "identity").strip().lower() not in ("", "identity"):
            raise Malformed("The body is sent compressed.", field="Content-Encoding", fix="Send it as it is.")
        try:
            self._told = from_json(body, allow_inf_nan=False)
        except ValueError as error:
            at = PLACE.search(str(error))  # the rest of what it says may have been sent
            told = f"The body is not JSON: look at line {at[1]}, column {at[2]}." if at else "The body is not JSON."
            raise Malformed(told, field="", fix="Send JSON in UTF-8.") from None
        if says_a_name_twice(body):
            raise Malformed(
                "One object of the body has two fields of one name, and they may differ.", field="", fix="Send each field once."
            )
        if b"\\u0000" in body and (field := nul_in(self._told)) is not None:
            raise InvalidRequest("A text contains the character U+0000, which can't be kept.", field=field, fix="Leave it out.")

    async def json(self) -> Any:
        return self._told


def says_a_name_twice(body: bytes) -> bool:
    """Our reader would take the last of them, another's the first."""

    def once(pairs: list[tuple[str, Any]]) -> None:
        if len({name for name, _ in pairs}) < len(pairs):
            raise KeyError

    try:
        json.loads(body, object_pairs_hook=once, parse_int=str, parse_float=str)
    except KeyError:
        return True
    return False


def nul_in(told: Any, at: str = "") -> str | None:
    """JSON pointer of the first text with U+0000 in it."""
    if isinstance(told, str):
        return at if "\0" in told else None
    if isinstance(told, dict):
        if any("\0" in name for name in told):
            return at
        inner = [(it, f"{at}/{name}") for name, it in told.items()]
    else:
        inner = [(it, f"{at}/{n}") for n, it in enumerate(told)] if isinstance(told, list) else []
    return next((found for it, where in inner if (found := nul_in(it, where)) is not None), None)


async def admit(request: Request, permission: str | None) -> Principal:
    """Who asks, if they may."""
    staff: Principal = await request.app.state.door.admit(request.headers.get("authorization"))
    await request.app.state.limits.spend(staff, request, permission)
    if permission is None or not may(staff.roles, permission):
        request.app.state.metrics.auth_failures_total.labels(reason="forbidden").inc()
        raise NotYourRole(
            f"This needs the permission {permission}; your token's roles do not have it.",
            field="Authorization",
            fix=f"Ask for one of the roles that do: {', '.join(sorted(PERMISSIONS.get(permission or '', ())))}.",
        )
    request.state.staff, request.state.scope = staff, scope_by(staff, request.app.state.means)
    return staff


def scope_by(staff: Principal, means: Means) -> Seen:
    """Default deny: whose token names no unit sees nothing, and had better hear why."""
    scope = Seen.of(staff.units, means.units)
    if scope is None:
        raise NoUnit(
            "Your token names no unit of ours, and nobody sees more than their units.",
            field="Authorization",
            fix='Let the token\'s issuer name your units in the claim `units`; `["*"]` stands for all.',
        )
    return scope


async def session_of(request: Request) -> AsyncIterator[AsyncSession]:
    """One request, one transaction. Nobody but this commits."""
    async with transaction(request.app.state.engine, request.state.cause) as session:
        request.state.session = session
        narrow(session, request.state.scope.units)
        if request.state.claim:
            await request.state.claim.take(session)
        yield session


async def staff_of(request: Request) -> Principal:
    staff: Principal = request.state.staff
    return staff


async def seen_by(request: Request) -> Seen:
    scope: Seen = request.state.scope
    return scope


async def means_of(request: Request) -> Means:
    means: Means = request.app.state.means
    return means


async def now() -> datetime:
    return clock.now()


def circumstance(name: str) -> Any:
    """For an endpoint that needs what its service's reactions need: `Annotated[Trade, circumstance("trade")]`."""

    async def of(request: Request) -> Any:
        return request.app.state.circumstances[name]

    return Depends(of)


# With "request" for its scope the transaction would end after the answer was sent, and a commit that failed would have been a 200.
Session = Annotated[AsyncSession, Depends(session_of, scope="function")]
Staff = Annotated[Principal, Depends(staff_of)]
Scope = Annotated[Seen, Depends(seen_by)]
AtHand = Annotated[Means, Depends(means_of)]
Now = Annotated[datetime, Depends(now)]


def takes_a_session(route: Step) -> bool:
    """Does the endpoint, or something that it depends on, work in a transaction?"""
    waiting = list(route.dependant.dependencies)
    while waiting:
        it = waiting.pop()
        if it.call is session_of:
            return True
        waiting += it.dependencies
    return False


def files_of(routes: Sequence[Any]) -> Sequence[tuple[str, re.Pattern[str], int]]:
    """Where a body may be a file: method, path, and how many bytes."""
    return [(method, it.path_regex, it.file.most) for it in routes if isinstance(it, Step) and it.file for method in it.methods or ()]


def checked(router: APIRouter) -> APIRouter:
    """Default deny: a route that names no permission, or a POST whose key nobody could keep, is refused before the service starts."""
    for route in router.routes:
        path = getattr(route, "path", route)
        if not isinstance(route, Step):
            raise TypeError(f"{path}: a service's routes are made with shared.http.Router")
        if route.permission is None:
            raise TypeError(f"{path}: names no permission; say dependencies=[allow(…)]")
        if "POST" in (route.methods or ()) and not takes_a_session(route):
            raise TypeError(f"{path}: a POST works in a transaction; let it take a Session")
    return router
