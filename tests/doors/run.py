"""One run over a service: every case of every address is played and judged, and what was answered is counted."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from math import ceil
from time import perf_counter

from tests.doors.asking import Answer, Request
from tests.doors.cases import Case, Operation, cases, operations
from tests.doors.drawing import Drawing
from tests.doors.judge import faults
from tests.doors.stage import Stage

UNFIT = 409, 412, 422
TAKES_NOTHING = {"GET /v1/stopped", "GET /v1/import-kinds"}  # there is nothing in it that could be wrong
ANY_TEXT = {  # any text can be an id there, and what is not there is 404; nothing else of them can be wrong
    "GET /v1/profiles/{name}", "GET /v1/staff/{staff_id}", "GET /v1/orders/{order_id}", "POST /v1/stopped/{topic}/resumption",
    "GET /v1/import-templates/{kind}",
}  # fmt: skip


@dataclass
class Run:
    service: str
    answers: dict[str, Counter[int]] = field(default_factory=dict)  # by address
    kinds: Counter[str] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)
    seconds: dict[str, float] = field(default_factory=lambda: {"drawing": 0.0, "asking": 0.0, "judging": 0.0})

    @property
    def count(self) -> int:
        return sum(sum(it.values()) for it in self.answers.values())

    def share(self, label: str, *statuses: int) -> float:
        """Of an address' answers; 2xx without any."""
        counted = self.answers[label]
        return sum(n for status, n in counted.items() if (status in statuses if statuses else 200 <= status < 300)) / counted.total()

    def few(self, least: float, *also: int) -> list[str]:
        """Addresses that answer too few with what they do, or too few with what does not fit (or `also` with these)."""
        told = [f"{it}: {self.share(it):.0%} are 2xx" for it in self.answers if self.share(it) < least]
        for it in self.answers:
            refused = self.share(it, *UNFIT, *also, *((404,) if it in ANY_TEXT else ()))
            if it not in TAKES_NOTHING and refused < (least / 4 if it in ANY_TEXT else least):
                told.append(f"{it}: {refused:.0%} are 409, 412 or 422")
        return told


async def run(stage: Stage, *, count: int, seed: int, only: str = "") -> Run:
    """At least `count` cases, as many at each address."""
    found = Run(stage.service)
    drawing = Drawing(stage.document)
    known = [it for it in operations(stage, drawing) if only in it.label]
    for number, operation in enumerate(known):
        began = perf_counter()
        drawn = list(cases(operation, drawing, ceil(count / len(known)), seed + 100 * number))
        found.seconds["drawing"] += perf_counter() - began
        found.answers[operation.label] = Counter()
        for case in drawn:
            await play(stage, operation, case, found)
    return found


async def play(stage: Stage, operation: Operation, case: Case, found: Run) -> None:
    began = perf_counter()
    answered: list[tuple[Request, Answer]] = []
    try:
        async with stage.scene(operation.state):
            for request in case.requests:
                answered.append((request, await stage.ask(request)))
    except Exception as error:  # noqa: BLE001  what gets out of the API is what is looked for
        request = case.requests[min(len(answered), len(case.requests) - 1)]
        found.wrong.append(f"{operation.label} ({case.kind}): {type(error).__name__} gets out\n    {request}")
        return
    asked = perf_counter()
    *before, (request, answer) = answered
    found.answers[operation.label][answer.status] += 1
    found.kinds[case.kind] += 1
    found.wrong += [
        f"{operation.label} ({case.kind}): {it}\n    {request}"
        for it in (*faults(operation, request, answer), *of_kind(case, before, answer))
    ]
    found.seconds["asking"] += asked - began
    found.seconds["judging"] += perf_counter() - asked


def of_kind(case: Case, before: list[tuple[Request, Answer]], answer: Answer) -> Iterator[str]:
    """What the kind of a case demands of its answer."""
    match case.kind:
        case "nobody" if answer.status != 401:
            yield f"without a token it is {answer.status}"
        case "blind" if answer.status not in (428, 404):
            yield f"without a version it is {answer.status}"
        case "stale" if answer.status not in (412, 404):
            yield f"with an old version it is {answer.status}: {answer.content[:200]!r}"
        case "lost" if 200 <= answer.status < 300:
            yield f"what nobody has is {answer.status}"
        case "good" if not 200 <= answer.status < 300:
            yield f"what is right is {answer.status}: {answer.content[:300]!r}"
        case "twice" if before[-1][1].status < 300 and (answer.status, answer.content) != (before[-1][1].status, before[-1][1].content):
            yield f"the same again is {answer.status} instead of {before[-1][1].status}: {answer.content[:200]!r}"
