"""What a caller is told when it does not work: `application/problem+json` (RFC 9457), the same shape for every error.

It says what is wrong, where, and what to do. It never repeats what was sent, which may be personal.
"""

import re
from collections.abc import Mapping
from typing import Any, ClassVar

import orjson
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import Response
from structlog.contextvars import get_contextvars

from shared.chinese import LANGUAGE, TAGS, said
from shared.errors import Conflict, Invalid, NotFound, Refusal, Refused, Unacceptable

TYPES = "https://careloop.dev/problems/"
MEDIA = "application/problem+json"
STATUS: dict[type[Refusal], int] = {NotFound: 404, Conflict: 409, Refused: 403, Invalid: 422, Unacceptable: 422}


class HttpProblem(Exception):
    """A fault that only HTTP knows. Its class name, in words, is the problem's type, its docstring the title."""

    status: ClassVar[int] = 500

    def __init__(self, detail: str, *, headers: Mapping[str, str] | None = None, **more: Any) -> None:
        super().__init__(detail)
        self.headers, self.more = dict(headers or {}), more


class Malformed(HttpProblem):
    """The request can't be read."""

    status = 400


class Unauthenticated(HttpProblem):
    """Who are you?"""

    status = 401


class NotYourRole(HttpProblem):
    """Your role does not allow it."""

    status = 403


class NoUnit(HttpProblem):
    """You work for no unit."""

    status = 403


class NoSuchRoute(HttpProblem):
    """There is nothing at this address."""

    status = 404


class MethodNotAllowed(HttpProblem):
    """This address does not know that method."""

    status = 405


class Changed(HttpProblem):
    """It has changed since you read it."""

    status = 412


class TooLarge(HttpProblem):
    """The body is too large."""

    status = 413


class InvalidRequest(HttpProblem):
    """Something in the request does not fit."""

    status = 422


class VersionMissing(HttpProblem):
    """Say which version you change."""

    status = 428


class Internal(HttpProblem):
    """This is our fault."""

    status = 500


class Unavailable(HttpProblem):
    """Not just now."""

    status = 503

    def __init__(
        self,
        detail: str = "What this needs can't be reached. Perhaps nothing was changed, perhaps all of it was; never a part.",
        *,
        after: int = 5,
    ) -> None:
        super().__init__(detail, headers={"Retry-After": str(after)}, fix=f"Try again in {after} seconds, with the same Idempotency-Key.")


class FieldError(BaseModel):
    """One thing that does not fit."""

    pointer: str = Field(description="JSON pointer into the body, or the name of the parameter")
    message: str


class Problem(BaseModel):
    """RFC 9457. The type is stable. The texts are for people: in Chinese for whom `Accept-Language` says so, otherwise in English."""

    model_config = ConfigDict(extra="allow")
    type: str
    title: str
    status: int
    detail: str
    instance: str = Field(description="this one occurrence; quote it when you ask us")
    correlation_id: str
    field: str | None = Field(
        None, description="JSON pointer of what to mend, or the name of the parameter or header; empty: the body as a whole"
    )
    fix: str | None = Field(None, description="what to do")
    allowed: list[str] | None = Field(None, description="what the state allows instead (409)")
    errors: list[FieldError] | None = Field(None, description="everything that does not fit (422)")


def document(status: int, kind: str, title: str, detail: str, *, headers: Mapping[str, str] | None = None, **more: Any) -> Response:
    """The answer, in the caller's language. What is told by codes stays as it is; only sentences are for people."""
    told: dict[str, Any] = {key: it for key, it in more.items() if it is not None}
    if "fix" in told:
        told["fix"] = said(told["fix"])
    if "errors" in told:
        told["errors"] = [it | {"message": said(it["message"])} for it in told["errors"]]
    correlation = str(get_contextvars().get("correlation_id", ""))
    body = {
        "type": TYPES + kind,
        "title": said(title),
        "status": status,
        "detail": said(detail),
        "instance": f"urn:careloop:request:{correlation}",
        "correlation_id": correlation,
        **told,
    }
    language = {"Content-Language": TAGS[LANGUAGE.get()], "Vary": "Accept-Language"}
    return Response(orjson.dumps(body), status, {**(headers or {}), **language}, MEDIA)


def of_http(problem: HttpProblem) -> Response:
    kind = type(problem)
    return document(kind.status, kebab(kind), kind.__doc__ or "", str(problem), headers=problem.headers, **problem.more)


def of_refusal(refusal: Refusal) -> Response:
    kind = type(refusal)
    status = status_of(kind)
    category = next(it for it in kind.__mro__ if it in STATUS or it is Refusal)
    if isinstance(refusal, Conflict):
        return document(
            status,
            "not-now",
            (category.__doc__ or ""),
            str(refusal),
            field=refusal.field,
            allowed=list(refusal.allowed),
            fix=kind.fix or ("Read the state and do one of what is allowed." if refusal.allowed else "Read how it stands, and decide."),
        )
    return document(status, kebab(kind), (category.__doc__ or ""), str(refusal), field=refusal.field, fix=refusal.fix)


def status_of(kind: type[Exception]) -> int:
    if issubclass(kind, HttpProblem):
        return kind.status
    return next((STATUS[it] for it in kind.__mro__ if it in STATUS), 422)


def kebab(kind: type) -> str:
    return re.sub(r"(?<!^)(?=[A-Z])", "-", kind.__name__).lower()


def problems(*kinds: type[Exception]) -> dict[int | str, dict[str, Any]]:
    """The errors of an endpoint for its document: `responses=problems(ComplaintNotFound, NotYetApproved)`."""
    told: dict[int | str, dict[str, Any]] = {}
    for kind in kinds:
        known = told.setdefault(
            status_of(kind), {"content": {MEDIA: {"schema": {"$ref": "#/components/schemas/Problem"}}}, "description": ""}
        )
        known["description"] = " ".join(filter(None, (known["description"], (kind.__doc__ or "").strip())))
    return told
