"""Tasks, without a database: who may have one, who does it, and when it goes back."""

from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as some
from sqlalchemy.orm import registry

from shared import staff
from shared.contracts.telling import OfNoticeRequest
from shared.entities import Entity
from shared.ids import made_of
from shared.permissions import ROLES
from shared.todo import task
from shared.todo.assigning import HasLeft, IsAway, LacksTheRole, NobodyHasIt, NotYoursToGive, OfAnotherUnit, UnknownColleague
from shared.todo.task import AT_LEISURE, NotOpen, NotYourTask, TaskState
from shared.todo.telling import assigned, went_back
from shared.units import Unit, Units
from tests.makers import LONG_AGO

UNITS = Units(
    default="group",
    units={"group": Unit(), "east": Unit(parent="group"), "mill": Unit(parent="east", zone="Europe/Berlin"), "west": Unit(parent="group")},
)
NIGHT = datetime.fromisoformat("2026-01-05T17:00:00+00:00")  # the 6th in Shanghai, still the 5th in Berlin


class Made(Entity, registry=registry()):
    """Entities of a made-up service."""


class Task(task.Task, Made, table=True):
    __table_args__ = task.indexes()


class Colleague(staff.Colleague, Made, table=True):
    __table_args__ = staff.indexes()


class Kind(StrEnum):
    SWEEP = "sweep"


def a_task(*, held_by: str | None = None, **facts: Any) -> Task:
    told = {"role": "specialist", "about": "order:PO-7", "unit": "east", "source": "/erp", "at": LONG_AGO} | facts
    made = Task.open(made_of("test"), Kind.SWEEP, **told)
    made.assigned_to = held_by
    return made


def somebody(
    id: str = "s-2", *, roles: tuple[str, ...] = ("specialist",), unit: str = "east", active: bool = True, away: Any = ()
) -> Colleague:
    absences = [{"from": first, "until": last} for first, last in away]
    return Colleague(id=id, unit=unit, roles=list(roles), active=active, absences=absences)


def assign(
    it: Task, person: Colleague | None, *, by: str = "s-9", roles: tuple[str, ...] = ("supervisor",), at: datetime = LONG_AGO
) -> None:
    it.assign(person.id if person else "s-404", person, sees=lambda unit: True, units=UNITS, roles=roles, by=by, at=at)


@pytest.mark.parametrize(("person", "why"), [
    (None, UnknownColleague),
    (somebody(active=False), HasLeft),
    (somebody(roles=("reception",)), LacksTheRole),
    (somebody(roles=()), LacksTheRole),
    (somebody(unit="west"), OfAnotherUnit),
    (somebody(unit="mill"), OfAnotherUnit),  # a unit below does not work for those above it
    (somebody(away=[("2026-01-05", "2026-01-05")]), IsAway),
])  # fmt: skip
def test_whoever_gets_it_is_here_and_may_do_it(person: Colleague | None, why: type[Exception]) -> None:
    it = a_task()
    with pytest.raises(why) as refused:
        assign(it, person)
    assert it.assigned_to is None and refused.value.field == "/staff_id"  # type: ignore[attr-defined]


@pytest.mark.parametrize("person", [somebody(), somebody(unit="group"), somebody(roles=("leader",)), somebody(away=[("2026-01-06", None)])])
def test_it_is_given_to_those_of_its_unit_and_above(person: Colleague) -> None:
    it = a_task()
    assign(it, person)
    assert it.assigned_to == "s-2"


def test_the_day_is_that_of_where_they_work() -> None:
    away = [("2026-01-06", "2026-01-09")]
    assign(a_task(unit="mill"), somebody(unit="mill", away=away), at=NIGHT)
    with pytest.raises(IsAway, match="until 2026-01-09"):
        assign(a_task(), somebody(away=away), at=NIGHT)
    with pytest.raises(IsAway, match="They are away\\."):
        assign(a_task(), somebody(away=[("2026-01-06", None)]), at=NIGHT)


@pytest.mark.parametrize(("by", "roles", "held_by", "may"), [
    ("s-2", ("specialist",), None, True),
    ("s-2", ("specialist",), "s-2", True),
    ("s-2", ("specialist",), "s-3", False),  # nobody takes away what another has
    ("s-3", ("specialist",), None, False),  # nor gives to others
    ("s-9", ("supervisor",), "s-3", True),
    ("s-9", ("leader",), "s-3", True),
])  # fmt: skip
def test_supervisors_give_and_everybody_takes_for_themselves(by: str, roles: tuple[str, ...], held_by: str | None, may: bool) -> None:
    it = a_task(held_by=held_by)
    if may:
        assign(it, somebody(), by=by, roles=roles)
    else:
        with pytest.raises(NotYoursToGive):
            assign(it, somebody(), by=by, roles=roles)
    assert it.assigned_to == ("s-2" if may else held_by)


def test_it_is_given_back_by_whoever_has_it() -> None:
    it = a_task(held_by="s-2")
    with pytest.raises(NotYoursToGive):
        it.release(roles=("specialist",), by="s-3")
    it.release(roles=("specialist",), by="s-2")
    with pytest.raises(NobodyHasIt):
        it.release(roles=("supervisor",), by="s-9")


@pytest.mark.parametrize("of", ["specialist", "supervisor", "privacy_officer"])
def test_whoever_has_its_role_does_it_and_a_leader_any_of_the_desk(of: str) -> None:
    for role in sorted(ROLES):
        it = a_task(role=of)
        if role == of or (role == "leader" and of != "privacy_officer"):
            it.complete(roles=(role,), by="s-5", at=NIGHT)
            assert (it.state, it.done_by, it.done_at, it.allowed) == (TaskState.DONE, "s-5", NIGHT, ())
        else:
            with pytest.raises(NotYourTask):
                it.complete(roles=(role,), by="s-5", at=NIGHT)


def test_what_somebody_has_is_theirs_to_do() -> None:
    it = a_task(held_by="s-2")
    with pytest.raises(NotYourTask, match="Somebody else"):
        it.complete(roles=("specialist",), by="s-3", at=NIGHT)
    it.complete(roles=("specialist",), by="s-2", at=NIGHT)
    other = a_task(held_by="s-2", role="supervisor")
    other.complete(roles=("supervisor",), by="s-9", at=NIGHT)
    assert other.done_by == "s-9"


def test_what_is_over_is_left_alone() -> None:
    it = a_task()
    (over,) = it.call_off(NIGHT)
    assert isinstance(over, OfNoticeRequest) and over.moot and over.about == f"task:{it.id}"
    assert it.finish(LONG_AGO) == []
    assert (it.state, it.done_at, it.done_by) == (TaskState.CALLED_OFF, NIGHT, None)
    for step in (lambda: assign(it, somebody()), lambda: it.complete(roles=("specialist",), by="s-2", at=NIGHT)):
        with pytest.raises(NotOpen, match="Nobody has to see to it"):
            step()
    (told,) = it.open_again(NIGHT)
    assert isinstance(told, OfNoticeRequest) and told.kind == "task_opened" and it.is_open and it.done_at is None
    assert it.open_again(NIGHT) == []
    it.complete(roles=("specialist",), by="s-2", at=NIGHT)
    assert it.open_again(NIGHT) == []
    assert it.done_by == "s-2" and not it.is_open  # what a person did stays done


@pytest.mark.parametrize(("before", "to", "by", "kinds"), [
    (None, "s-2", "s-9", ["task_assigned"]),
    ("s-3", "s-2", "s-9", ["task_assigned"]),
    ("s-2", "s-2", "s-9", []),  # they have it already
    (None, "s-2", "s-2", ["task_taken"]),  # and their role need not hear of it any more
    ("s-2", "s-2", "s-2", []),
])  # fmt: skip
def test_who_is_told_that_somebody_has_it(before: str | None, to: str, by: str, kinds: list[str]) -> None:
    told: Any = assigned(a_task(held_by=to), before, by=by, at=NIGHT)
    assert [it.kind for it in told] == kinds and [it.moot for it in told] == [kind == "task_taken" for kind in kinds]


def test_whoever_may_take_it_is_told_each_time_that_it_goes_back() -> None:
    first, again, later = (it for at in (NIGHT, NIGHT, NIGHT + timedelta(1)) for it in went_back(a_task(), at))
    assert isinstance(first, OfNoticeRequest) and isinstance(later, OfNoticeRequest)
    assert first == again and first.request_id != later.request_id and (first.kind, first.to_role) == ("task_opened", "specialist")


def test_what_is_due_comes_before_what_has_time() -> None:
    assert a_task(due_at=NIGHT).urgent_at == NIGHT < a_task().urgent_at == AT_LEISURE


AWAY = [("2026-01-05", "2026-01-09")]


@pytest.mark.parametrize(("person", "due", "goes"), [
    (somebody(), None, False),
    (somebody(active=False), None, True),
    (None, None, True),
    (somebody(roles=("reception",)), None, True),
    (somebody(unit="west"), None, True),
    (somebody(unit="group"), None, False),
    (somebody(away=AWAY), None, False),  # it can wait for them
    (somebody(away=[("2026-01-05", None)]), None, True),  # for ever
    (somebody(away=AWAY), "2026-01-09T15:59:00+00:00", True),  # the last minute of the absence
    (somebody(away=AWAY), "2026-01-09T16:00:00+00:00", False),
    (somebody(away=[("2026-01-06", None)]), "2026-01-09T00:00:00+00:00", False),  # not yet away
    (somebody(away=[("2026-01-05", None)]), "2027-01-09T00:00:00+00:00", True),  # nobody knows for how long
])  # fmt: skip
def test_what_goes_back(person: Colleague | None, due: str | None, goes: bool) -> None:
    it = a_task(held_by="s-2", due_at=due and datetime.fromisoformat(due))
    assert it.give_back(person, units=UNITS, at=LONG_AGO) is goes
    assert it.assigned_to == (None if goes else "s-2")


@given(
    roles=some.sets(some.sampled_from(sorted(ROLES))), unit=some.sampled_from(sorted(UNITS.units)), active=some.booleans(),
    away=some.lists(some.tuples(some.dates(date(2026, 1, 1), date(2026, 1, 20)), some.integers(0, 9))), of=some.sampled_from(sorted(UNITS.units)),
    role=some.sampled_from(sorted(ROLES)), due_in=some.none() | some.integers(0, 20),
)  # fmt: skip
def test_what_may_be_given_stays_and_what_goes_back_may_not_be_given(
    roles: set[str], unit: str, active: bool, away: list[tuple[date, int]], of: str, role: str, due_in: int | None
) -> None:  # fmt: skip
    person = somebody(
        roles=tuple(roles), unit=unit, active=active, away=[(str(first), str(first + timedelta(days=days))) for first, days in away]
    )
    due = None if due_in is None else LONG_AGO + timedelta(days=due_in)
    try:
        assign(a_task(unit=of, role=role), person)
    except (HasLeft, LacksTheRole, OfAnotherUnit):
        assert a_task(held_by="s-2", unit=of, role=role, due_at=due).give_back(person, units=UNITS, at=LONG_AGO)
    except IsAway:
        assert not a_task(held_by="s-2", unit=of, role=role).give_back(person, units=UNITS, at=LONG_AGO)
    else:
        assert not a_task(held_by="s-2", unit=of, role=role, due_at=due).give_back(person, units=UNITS, at=LONG_AGO)
