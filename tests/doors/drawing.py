"""Requests drawn from a service's own document by schemathesis: some that fit it, some that do not. A seed always draws the same."""

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Literal
from urllib.parse import quote

import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import seed as seeded
from hypothesis.errors import Unsatisfiable
from requests import Request as Prepared
from schemathesis import Case, GenerationMode
from schemathesis.core.parameters import ParameterLocation

MOST = 10_000  # characters of a target
calmly = settings(database=None, deadline=None, phases=[Phase.generate], suppress_health_check=list(HealthCheck), print_blob=False)
Mode = Literal["fits", "broken"]
MODES = {"fits": GenerationMode.POSITIVE, "broken": GenerationMode.NEGATIVE}


@dataclass(frozen=True, slots=True)
class Drawn:
    """A strange request. What it left alone of the path, a living thing takes the place of."""

    case: Case
    strange_path: bool

    def target(self, living: dict[str, Any]) -> str:
        path = self.case.path
        for name, it in (self.case.path_parameters | ({} if self.strange_path else living)).items():
            path = path.replace(f"{{{name}}}", quote(str(it), safe="/" if name in ("id", "order_id", "staff_id", "topic") else ""))
        query = Prepared("GET", "http://api/", params=self.case.query or {}).prepare().url or ""
        return (path + query[len("http://api/") :])[:MOST]

    def body(self) -> Any:
        return self.case.body

    def said(self) -> tuple[dict[str, str], bytes]:
        """What kind of body it has, and the body."""
        told = self.case.as_transport_kwargs(base_url="http://api")
        ready = Prepared("POST", "http://api/", **{name: told[name] for name in ("json", "data", "files") if name in told}).prepare()
        body = ready.body or b""
        kind = told["headers"].get("Content-Type") or ready.headers.get("Content-Type")
        return {"Content-Type": str(kind)} if kind else {}, body.encode() if isinstance(body, str) else body


class Drawing:
    """All operations of one document."""

    def __init__(self, document: dict[str, Any]) -> None:
        self.schema = schemathesis.openapi.from_dict(without_headers(document))

    def operations(self) -> Iterator[Any]:
        for found in self.schema.get_all_operations():
            yield found.ok()

    def draw(self, operation: Any, mode: Mode, count: int, seed: int) -> list[Drawn]:
        """Fewer where there are not so many."""
        drawn: list[Drawn] = []
        if count < 1 or (mode == "broken" and takes_anything(operation)):
            return drawn

        @seeded(seed)
        @settings(calmly, max_examples=count)
        @given(case=operation.as_strategy(generation_mode=MODES[mode]))
        def remember(case: Case) -> None:
            drawn.append(Drawn(case, is_broken(case, ParameterLocation.PATH)))

        with suppress(Unsatisfiable):
            remember()
        return drawn[:count]


def takes_anything(operation: Any) -> bool:
    """Nothing but texts in its path: whatever stands there fits."""
    told = operation.definition.raw
    schemas = [it["schema"] for it in told.get("parameters", ()) if it["in"] != "header"]
    return "requestBody" not in told and all(it.keys() <= {"type", "title"} and it.get("type") == "string" for it in schemas)


def without_headers(document: dict[str, Any]) -> dict[str, Any]:
    """Those that we take are few, and tried by hand in `cases.py`; drawn, they would hide what was drawn of the rest."""
    paths = {
        path: {
            method: {name: it for name, it in told.items() if name != "security"}
            | {"parameters": [it for it in told.get("parameters", ()) if it["in"] != "header"]}
            for method, told in operations.items()
        }
        for path, operations in document["paths"].items()
    }
    return {name: it for name, it in document.items() if name != "security"} | {"paths": paths}


def is_broken(case: Case, where: ParameterLocation) -> bool:
    """And nothing else with it, so that not only addresses are tried."""
    parts = case.meta.components if case.meta else {}
    broken = {place for place, it in parts.items() if it.mode is GenerationMode.NEGATIVE}
    return broken == {where}
