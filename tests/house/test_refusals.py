"""Whoever is refused learns what to do: every refusal of a value or a person names its fix."""

import pkgutil
from collections.abc import Iterator
from importlib import import_module

import pytest

import services
import shared
from shared.errors import Invalid, NotFound, Refusal, Refused


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
