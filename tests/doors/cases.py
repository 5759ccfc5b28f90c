"""What is tried at one address: what a careful caller does, what goes wrong between people, and what nobody would think of."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import cycle, islice
from typing import Any
from uuid import UUID

import orjson

from tests.complaints.making import STEPS
from tests.doors.asking import Request
from tests.doors.drawing import Drawing, Drawn
from tests.doors.stage import Stage
from tests.permissions.doors import Door
from tests.permissions.things import said

NOBODY_HAS = UUID("01990000-0000-7000-8000-000000000000")
TONGUES = (None, "zh-CN,zh;q=0.9", "en")
READ = "good", "fits", "broken", "lost", "fits", "broken", "strange", "nobody", "fits", "broken", "good", "broken", "strange", "headers"
WRITTEN = (
    "good", "broken", "again", "mixed", "stale", "fits", "broken", "twice", "mixed", "lost", "good", "broken", "reused", "blind",
    "good", "twisted", "broken", "nobody", "broken", "mixed", "again", "fits", "broken", "viewer", "good", "headers", "broken",
)  # fmt: skip
STRANGE = {
    "cursor": ("x", "W10", "bnVsbA", "eyJhIjoxfQ", "%F0%9F%98%80", "A" * 1001, "WyJhIiwgIjk5OTktMTItMzFUMjM6NTk6NTlaIiwgIjAiXQ"),
    "limit": ("0", "-1", "1000000000", "1e3", "٣", "", "9" * 40), "count": ("2", "maybe", ""),
    "any": ("%EF%BB%BF", "%F0%9F%A7%A8", "x" * 6000, "%E2%80%AEabc", "%27%3B--", "%ED%A0%80", "%FF", "a&no_such=1", "9999-12-31T23:59:59%2B23:59", "0001-01-01T00:00:00-12:00", "%00"),
}  # fmt: skip

HEADERS = (
    ("Range", "bytes=0-10"), ("Expect", "200-maybe"), ("Accept", "text/nothing"), ("Accept", ";;q=,"), ("Idempotency-Key", "x" * 65),
    ("Idempotency-Key", "\xe4"), ("Idempotency-Key", "a b"), ("Accept-Language", "zh;q=1e999, *;q=-1,,"), ("X-Correlation-Id", "<script>"), ("traceparent", "00-0-0-0"),
    ("Content-Type", "application/json; charset=utf-16"), ("Content-Encoding", "gzip"), ("Cookie", "a=b; " * 900), ("X-HTTP-Method-Override", "DELETE"),
    ("If-None-Match", "*"), ("If-Modified-Since", "never"), ("Transfer-Encoding", "gzip, chunked"), ("Authorization", "Basic eA=="), ("Authorization", "Bearer " + "A" * 9000),
)  # fmt: skip
DRAWN = "fits", "mixed", "broken"
BEFORE: dict[str, tuple[tuple[str, Any], ...]] = {  # by the end of the address: what must have been done for a step to be possible
    "{complaint_id}/explanation": (("judgement", STEPS["judgement"] | {"upheld": False}),),
    "{complaint_id}/resolution": (("judgement", None),),
    "{complaint_id}/acceptance": (("judgement", None), ("resolution", None)),
    "{complaint_id}/reopening": (("judgement", None), ("resolution", None)),
    "{complaint_id}/closing": (("judgement", None), ("resolution", None), ("acceptance", None)),
    "{complaint_id}/pauses/end": (("pauses", None),),
    "{visit_id}/departure": (("arrival", None),),
    "{call_id}/release": (("assignment", None),),
    "{task_id}/release": (("assignment", None),),
}
STATES: dict[str, str] = {  # where no request brings it there
    "{export_id}/cancellation": "UPDATE export SET state = 'queued', kept = false, ended_at = NULL",
    "{import_id}/mapping": "UPDATE import SET state = 'checked'",
    "{import_id}/application": "UPDATE import SET state = 'checked'",
    "{import_id}/reversal": "UPDATE import SET state = 'done', applied = 1, reached = 2, ended_at = now()",
}
FILE = b"a,b\n1,2\n"


@dataclass(frozen=True, slots=True)
class Case:
    kind: str
    requests: Sequence[Request]  # the last is what it is about


@dataclass(eq=False)
class Operation:
    """An address, a method, and what the document says of them."""

    stage: Stage
    raw: Any  # of schemathesis
    method: str
    path: str

    @property
    def label(self) -> str:
        return f"{self.method} {self.path}"

    @property
    def told(self) -> dict[str, Any]:
        told: dict[str, Any] = self.stage.document["paths"][self.path][self.method.lower()]
        return told

    @property
    def takes(self) -> set[str]:
        return {it["name"].lower() for it in self.told.get("parameters", ())}

    @property
    def state(self) -> str:
        return next((it for end, it in STATES.items() if self.path.endswith(end)), "")

    def good_body(self, path: str | None = None) -> Any:
        if self.path == "/v1/imports":
            return {"kind": self.stage.known["kind"], "system": "erp"}
        if self.path.endswith("{import_id}/file"):
            return FILE
        return said(Door(self.stage.service, self.method, path or self.path), self.stage.known)

    def living(self, path: str | None = None) -> str:
        path = path or self.path
        for name, it in self.stage.known.items():
            path = path.replace(f"{{{name}}}", it)
        return path

    def request(
        self, target: str, body: Any = None, *, tongue: str | None = None, role: str | None = "everybody", **headers: str
    ) -> Request:
        told = {name.replace("_", "-"): it for name, it in headers.items()}
        if role:
            told["Authorization"] = f"Bearer {self.stage.bearers[role]}"
        if "if-match" in self.takes:
            told.setdefault("If-Match", "*")
        if tongue:
            told["Accept-Language"] = tongue
        content = body if isinstance(body, bytes) else b"" if body is None else orjson.dumps(body)
        if content:
            told.setdefault("Content-Type", "text/csv" if body is FILE else "application/json")
        return Request(self.method, target, {name: it for name, it in told.items() if it}, content)

    def before(self) -> list[Request]:
        """What brings the thing to where the step is possible."""
        end = next((it for it in BEFORE if self.path.endswith(it)), None)
        if end is None:
            return []
        stem = self.path.removesuffix(end.partition("}/")[2])
        return [self.request(self.living(stem + step), body or self.good_body(stem + step), role="everybody") for step, body in BEFORE[end]]


def operations(stage: Stage, drawing: Drawing) -> list[Operation]:
    return [Operation(stage, it, it.method.upper(), it.path) for it in drawing.operations()]


def cases(operation: Operation, drawing: Drawing, count: int, seed: int) -> Iterator[Case]:
    """So many of them, of every kind that the address has."""
    writes = operation.method not in ("GET", "HEAD")
    known = (possible(it, operation) for it in (WRITTEN if writes else READ))
    kinds = list(islice(cycle([it for it in known if can(it, operation)]), count))
    drawn = {
        "fits": iter(drawing.draw(operation.raw, "fits", kinds.count("fits") + kinds.count("mixed"), seed)),
        "broken": iter(drawing.draw(operation.raw, "broken", kinds.count("broken"), seed + 1)),
    }
    for number, kind in enumerate(kinds):
        tongue, it = TONGUES[number % 3], None
        if kind in DRAWN:
            it = next(drawn["broken" if kind == "broken" else "fits"], None)
            kind = kind if it else "good" if writes else "strange"
        yield Case(kind, [*operation.before(), *made(kind, operation, number, tongue, it)])


def possible(kind: str, operation: Operation) -> str:
    """Where there is no version that could be wrong, a key can be."""
    return "reused" if kind in ("stale", "twisted") and not can(kind, operation) else kind


def can(kind: str, operation: Operation) -> bool:
    match kind:
        case "stale" | "twisted":
            return "if-match" in operation.takes
        case "blind":
            return "428" in operation.told["responses"]
        case "twice" | "reused":
            return operation.method == "POST"
        case "lost":
            return "{" in operation.path and operation.method != "PUT"  # what is put there is there
        case "mixed":
            return isinstance(operation.good_body(), dict) and "requestBody" in operation.told
        case "strange":
            return operation.method == "GET"
        case "viewer":
            return operation.method != "GET"
    return True


def made(kind: str, operation: Operation, number: int, tongue: str | None, drawn: Drawn | None) -> list[Request]:
    """The requests of a case, but for those that prepare it."""
    target, body = operation.living(), operation.good_body()
    good = operation.request(target, body, tongue=tongue)
    match kind:
        case "again":
            return [operation.request(target, body), good]
        case "stale":
            return [operation.request(target, body, tongue=tongue, If_Match='"7000"')]
        case "blind":
            return [operation.request(target, body, tongue=tongue, If_Match="")]
        case "twisted":
            tags = '"1', 'W/"1"', "1", "*, *", '"1",,"2"', '"' * 900, "(", "\xff"
            return [operation.request(target, body, tongue=tongue, If_Match=tags[number % len(tags)])]
        case "twice":
            return [operation.request(target, body, tongue=tongue, Idempotency_Key="the-same")] * 2
        case "reused":
            told = [body, body | {"another": 1}] if isinstance(body, dict) else [body, {"another": 1}]
            return [operation.request(target, it, tongue=tongue, Idempotency_Key="the-same") for it in told]
        case "lost":
            return [operation.request(elsewhere(operation), body, tongue=tongue)]
        case "nobody":
            return [operation.request(target, body, tongue=tongue, role=None)]
        case "viewer":
            return [operation.request(target, body, tongue=tongue, role="viewer")]
        case "strange":
            return [operation.request(f"{target}?{strange(operation, number)}", body, tongue=tongue)]
        case "headers":
            name, value = HEADERS[number % len(HEADERS)]
            return [Request(good.method, good.target, {**good.headers, name: value}, good.body)]
        case "mixed" if drawn:
            told = drawn.body()
            chosen = {name: it for n, (name, it) in enumerate(sorted(told.items())) if (n + number) % 2} if isinstance(told, dict) else {}
            return [operation.request(target, body | chosen, tongue=tongue)]
        case "fits" | "broken" if drawn:
            kind_of_body, content = drawn.said()
            asked = operation.request(drawn.target(operation.stage.known), content, tongue=tongue)
            return [Request(asked.method, asked.target, {**asked.headers, **kind_of_body}, asked.body)]
    return [good]


def elsewhere(operation: Operation) -> str:
    """Where nothing lives; under a good id of one that nobody has."""
    path = operation.path
    for name, it in operation.stage.known.items():
        is_id = len(it) == 36
        path = path.replace(f"{{{name}}}", str(NOBODY_HAS) if is_id else "nobody-has-it")
    return path


def strange(operation: Operation, number: int) -> str:
    """A query that no page of ours would make."""
    takes = sorted(it["name"] for it in operation.told.get("parameters", ()) if it["in"] == "query")
    if not takes:
        return "no_such=1"
    name = takes[number % len(takes)]
    values = (*STRANGE.get(name, ()), *STRANGE["any"])
    return f"{name}={values[number % len(values)]}"
