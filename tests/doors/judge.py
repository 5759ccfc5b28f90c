"""What every answer must be, whatever was asked."""

import re
from collections.abc import Iterator
from functools import cache
from typing import Any

import orjson
import schemathesis.checks
from requests import Request as Asked
from schemathesis import Case as Drawn
from schemathesis.core.failures import FailureGroup
from schemathesis.core.transport import Response
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from shared.problems import MEDIA
from tests.doors.asking import Answer, Request
from tests.doors.cases import Operation

CHECKS = [status_code_conformance, content_type_conformance, response_headers_conformance, response_schema_conformance]
ASKED = Asked("GET", "http://api/").prepare()
ELSEWHERE = "no-such-route", "method-not-allowed"  # what was drawn for a path may be another address; the document speaks of its own
FOUND_AT = 400, 401, 404, 412, 413, 422, 428  # where a field is at fault
AT_NO_FIELD = ("overdue", "no-such-route")
OPERATORS = "not-usable", "detail"  # what is wrong in a trade profile, as `careloop profiles check` says it to operators
ENGLISH = re.compile(r"(?:\b[A-Za-z][a-z']* ){4}[A-Za-z]")  # a sentence; names between commas are none
HAN = re.compile(r"[\u4e00-\u9fff]")
WORDS = "title", "detail", "fix"
TRACES = b"Traceback", b'File "', b"asyncpg", b"sqlalchemy", b"pydantic.dev", b"SELECT ", b"psycopg"
NEEDED = {401: "www-authenticate", 405: "allow", 429: "retry-after", 503: "retry-after"}


def faults(operation: Operation | None, request: Request, answer: Answer) -> Iterator[str]:
    """Everything that is wrong with it. No operation: only what holds for any address."""
    if answer.status == 0:
        yield "no answer"
        return
    if answer.status >= 500 and answer.status != 503:
        yield f"{answer.status}: {answer.content[:300]!r}"
    if answer.headers.get("x-content-type-options") != "nosniff" or not answer.headers.get("x-correlation-id"):
        yield "the guards are missing"
    if (name := NEEDED.get(answer.status)) and name not in answer.headers:
        yield f"{answer.status} without {name}"
    problem = None
    if answer.status >= 400:
        problem, wrong = problem_in(answer)
        yield from wrong
        if problem:
            yield from faults_of(problem, request, answer)
    if operation and not (problem and problem["type"].rpartition("/")[2] in ELSEWHERE):
        yield from against_the_document(operation, answer)


def problem_in(answer: Answer) -> tuple[dict[str, Any] | None, list[str]]:
    if answer.kind != MEDIA:
        return None, [f"{answer.status} as {answer.kind}: {answer.content[:200]!r}"]
    told = answer.told()
    missing = [name for name in ("type", "title", "status", "detail", "fix", "instance") if not told.get(name)]
    return told, [f"{answer.status} without {', '.join(missing)}: {told.get('detail')}"] if missing else []


def faults_of(problem: dict[str, Any], request: Request, answer: Answer) -> Iterator[str]:
    kind = str(problem.get("type", "")).rpartition("/")[2]
    if problem.get("status") != answer.status:
        yield f"{answer.status} says {problem.get('status')}"
    if answer.status in FOUND_AT and "field" not in problem and kind not in AT_NO_FIELD:
        yield f"{answer.status} {kind} names no field: {problem.get('detail')}"
    if any(it in answer.content for it in TRACES):
        yield f"{answer.status} shows our inside: {answer.content[:300]!r}"
    if repeated := sorted(it for it in values(request) if any(it in told for told in texts(problem))):
        yield f"{answer.status} {kind} repeats what was sent: {repeated[0][:80]!r}"
    if request.headers.get("Accept-Language", "").startswith("zh-CN"):  # of others nobody can say what is wanted
        if answer.headers.get("content-language") != "zh-CN":
            yield f"{answer.status} {kind} does not say that it is Chinese"
        for name in WORDS:
            text = str(problem.get(name, ""))
            if (kind, name) != OPERATORS and (not HAN.search(text) or ENGLISH.search(text)):
                yield f"{kind} is not Chinese: {name}: {text[:160]}"


def texts(problem: dict[str, Any]) -> list[str]:
    told = [str(problem.get(name, "")) for name in WORDS]
    return told + [str(it.get("message", "")) for it in problem.get("errors", ())]


def values(request: Request) -> Iterator[str]:
    """What could be somebody's name or number; not what is a word of the document itself."""
    try:
        told = orjson.loads(request.body) if request.body else None
    except orjson.JSONDecodeError:
        return
    for it in set(leaves(told)) - set(names(told)):  # a name is part of the address of what stands under it
        if len(it) >= 6 and not re.fullmatch(r"[a-z_]+", it):
            yield it


def leaves(told: Any) -> Iterator[str]:
    waiting = [told]  # what is nested a thousand times must not overflow us either
    while waiting:
        it = waiting.pop()
        if isinstance(it, str):
            yield it
        waiting += it.values() if isinstance(it, dict) else it if isinstance(it, list) else ()


def names(told: Any) -> Iterator[str]:
    waiting = [told]
    while waiting:
        it = waiting.pop()
        if isinstance(it, dict):
            yield from it
        waiting += it.values() if isinstance(it, dict) else it if isinstance(it, list) else ()


def against_the_document(operation: Operation, answer: Answer) -> Iterator[str]:
    """Status, type, headers and body are as it says."""
    headers = {name: [it] for name, it in answer.headers.items()}
    told = Response(answer.status, headers, answer.content, ASKED, elapsed=0.1, verify=False)
    try:
        usual(operation).validate_response(told, checks=CHECKS)
    except FailureGroup as group:
        for it in group.exceptions:
            yield f"{answer.status} is not as documented: {' '.join(str(it).split())[:300]}"


@cache
def usual(operation: Operation) -> Drawn:
    schemathesis.checks.load_all_checks()
    drawn: Drawn = operation.raw.Case(path_parameters=dict.fromkeys(re.findall(r"{(\w+)}", operation.path), "x"))
    return drawn
