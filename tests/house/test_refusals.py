"""Whoever is refused learns what to do: every refusal of a value or a person names its fix."""

import ast
import pkgutil
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

import pytest

import services
import shared
from shared.errors import Invalid, NotFound, Refusal, Refused
from shared.problems import HttpProblem

ROOT = Path(__file__).parents[2]


def everything_loaded() -> None:
    for package in (services, shared):
        for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            if ".migrations" not in module.name:
                import_module(module.name)


def kinds_of(kind: type[Refusal]) -> Iterator[type[Refusal]]:
    for it in kind.__subclasses__():
        yield it
        yield from kinds_of(it)


everything_loaded()


@pytest.mark.parametrize(
    "kind",
    sorted(
        {it for base in (Invalid, Refused, NotFound) for it in kinds_of(base) if it.__module__.startswith(("services", "shared"))},
        key=lambda it: it.__name__,
    ),
    ids=lambda it: it.__name__,
)
def test_it_says_what_to_do(kind: type[Refusal]) -> None:
    assert kind.fix and kind.fix.endswith(".") and str(kind()) == kind.__doc__


def test_a_problem_of_http_says_it_where_it_is_made():
    """Its kinds have no fix of their own: what helps depends on what was wrong. `Unavailable` says when to try again."""
    kinds = {it.__name__ for it in problems_of(HttpProblem)} - {"Unavailable"}
    silent = [
        f"{file.relative_to(ROOT)}:{it.lineno}"
        for tree in ("services", "shared")
        for file in sorted((ROOT / tree).rglob("*.py"))
        for it in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
        if isinstance(it, ast.Call) and isinstance(it.func, ast.Name) and it.func.id in kinds
        if not {"fix", None} & {keyword.arg for keyword in it.keywords}
    ]
    assert not silent


def problems_of(kind: type[HttpProblem]) -> Iterator[type[HttpProblem]]:
    for it in kind.__subclasses__():
        yield it
        yield from problems_of(it)
