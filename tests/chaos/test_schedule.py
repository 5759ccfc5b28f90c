"""A schedule is its seed's: the same again, every kind often enough, nobody hit twice at once."""

from collections import Counter

import pytest

from tests.chaos.faults import STRIKES
from tests.chaos.schedule import KINDS, PROCESSES, schedule

SEEDS = range(12)


@pytest.mark.parametrize("seed", SEEDS)
def test_a_schedule_of_a_run(seed: int) -> None:
    faults = schedule(seed, 400, 60)
    assert faults == schedule(seed, 400, 60) != schedule(seed + 1, 400, 60)
    assert len(faults) == 60 and faults == sorted(faults)
    kinds = Counter(fault.kind for fault in faults)
    assert min(kinds[name] for name in KINDS) >= 2, kinds
    assert {fault.victim for fault in faults if fault.kind == "kill"} == set(PROCESSES), "each process dies"
    assert all(fault.at <= 400 * KINDS[fault.kind].until for fault in faults if KINDS[fault.kind].until < 1)
    assert max(fault.at for fault in faults) < 420


@pytest.mark.parametrize("seed", SEEDS)
def test_a_victim_has_one_fault_at_a_time(seed: int) -> None:
    ends: dict[str, float] = {}
    for fault in schedule(seed, 400, 60):
        assert fault.at + 0.11 >= ends.get(fault.victim, 0), fault
        ends[fault.victim] = fault.at + fault.lasts + KINDS[fault.kind].rest


def test_each_way_of_a_kind_comes() -> None:
    for name, kind in KINDS.items():
        assert {fault.how for fault in schedule(1, 400, 60) if fault.kind == name} == set(kind.hows)


@pytest.mark.parametrize("count", [0, 1, 12, 50, 120])
def test_any_number_of_them(count: int) -> None:
    assert len(schedule(7, 300, count)) == count


def test_every_kind_can_be_done() -> None:
    assert STRIKES.keys() == KINDS.keys()
