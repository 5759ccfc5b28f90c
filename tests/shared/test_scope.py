"""What somebody sees: their units and those below, whatever is asked; and what nobody can tell is not told."""

from importlib import import_module

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.audit import Audit
from shared.journal import Journal
from shared.known import Copy
from shared.scope import OTHERWISE, Scope, within
from shared.units import Unit, Units

COMPANY = Units(
    default="headquarters",
    units={
        "headquarters": Unit(), "north": Unit(parent="headquarters"), "harbin": Unit(parent="north"), "south": Unit(parent="headquarters"),
        "overseas": Unit(),
    },
)  # fmt: skip


@pytest.mark.parametrize(
    ("named", "sees"),
    [
        (["harbin"], {"harbin"}),
        (["north"], {"north", "harbin"}),
        (["north", "overseas"], {"north", "harbin", "overseas"}),
        (["headquarters"], {"headquarters", "north", "harbin", "south"}),
        (["mars", "south"], {"south"}),
    ],
)
def test_a_unit_includes_those_below_it(named: list[str], sees: set[str]) -> None:
    scope = Scope.of(named, COMPANY)
    assert scope and scope.units == sees
    assert [scope.sees(unit) for unit in ("south", "harbin")] == ["south" in sees, "harbin" in sees]


@pytest.mark.parametrize("named", [[], ["mars"], [""]])
def test_whose_token_names_no_unit_of_ours_has_none(named: list[str]) -> None:
    assert Scope.of(named, COMPANY) is None


def test_a_star_is_all_of_them() -> None:
    scope = Scope.of(["south", "*"], COMPANY)
    assert scope and scope.units is None and scope.sees("mars")


@pytest.mark.parametrize(
    ("named", "candidates", "home"),
    [
        (["*"], ["south"], "south"),
        (["*"], [None], "headquarters"),
        (["north"], ["harbin"], "harbin"),  # the customer's, where it is below theirs
        (["north"], ["south"], "north"),  # theirs, where it is not
        (["north"], [None], "north"),
        (["overseas", "north"], ["harbin"], "harbin"),
        (["overseas", "north"], [None], "overseas"),
        (["overseas", "headquarters"], [None], "headquarters"),
    ],
)
def test_what_they_take_in_belongs_where_they_see_it(named: list[str], candidates: list[str | None], home: str) -> None:
    scope = Scope.of(named, COMPANY)
    assert scope and scope.home(COMPANY, *candidates) == home


@settings(deadline=None, derandomize=True)
@given(
    parents=st.lists(st.integers(0, 7), min_size=8, max_size=8),
    named=st.sets(st.integers(0, 7), min_size=1),
    candidate=st.none() | st.integers(0, 9),
)
def test_whatever_the_company_looks_like_they_see_what_they_take_in(parents: list[int], named: set[int], candidate: int | None) -> None:
    """Also where units are each other's parents."""
    units = Units(default="0", units={str(n): Unit(parent=str(parent) if parent else None) for n, parent in enumerate(parents)})
    scope = Scope.of([str(n) for n in named], units)
    assert scope and scope.units and {str(n) for n in named} <= scope.units
    assert all(unit in scope.units for unit, it in units.units.items() if it.parent in scope.units)
    assert scope.home(units, None if candidate is None else str(candidate)) in scope.units


NEVER_SHOWN_BY_THEMSELVES = {"services.followup.domain.contact.Contact"}


def test_what_is_exempt_is_said_here() -> None:
    """So that nobody opens a register to all units in passing."""
    for service in ("customers", "complaints", "followup", "reception"):
        import_module(f"services.{service}.app").service.routers()
    exempt = {f"{entity.__module__}.{entity.__name__}" for entity, rule in OTHERWISE.items() if rule is None}
    assert exempt == NEVER_SHOWN_BY_THEMSELVES


@pytest.mark.parametrize("entity", [Journal, Audit])
def test_what_was_announced_and_noted_is_narrowed(entity: type) -> None:
    assert within(entity, {"north"}) is not None


@pytest.mark.parametrize("service", ["customers", "complaints", "followup", "reception"])
def test_whatever_has_a_unit_is_narrowed(service: str) -> None:
    """But for copies of what others own, and those for which it is said why."""
    module = import_module(f"services.{service}.domain")
    import_module(f"services.{service}.app").service.routers()
    mapped = [mapper.class_ for mapper in module.Memory._sa_registry.mappers]
    assert mapped
    for entity in mapped:
        if "unit" in entity.__table__.c and not issubclass(entity, Copy) and OTHERWISE.get(entity, True):
            assert within(entity, {"north"}) is not None, entity
            assert not entity.__table__.c.unit.nullable or entity in OTHERWISE, (
                f"{entity}: a row without a unit is seen by nobody in a unit"
            )
