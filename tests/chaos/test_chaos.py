"""Both stories, with workers, APIs, PostgreSQL, the broker and the gateway broken under load: nothing is lost, doubled or put out of order.

The same checker must catch three systems that lack one guarantee each; otherwise it proves nothing. `make chaos` is the same for ten minutes.
"""

from collections.abc import AsyncIterator

import pytest

from tests.chaos import run
from tests.chaos.controls import CONTROLS, Control, play
from tests.chaos.desk import LIVES
from tests.chaos.load import Load
from tests.chaos.schedule import Fault
from tests.chaos.stage import Stage, a_stage

CAST = "followup-0", "followup-1", "followup-api", "complaints", "complaints-api", "customers", "customers-api"
FAULTS = [
    Fault(1.0, "kill", "followup-1"),
    Fault(2.0, "crash postgres", "postgres", 0.5),
    Fault(3.0, "kill", "complaints"),
    Fault(4.0, "lying gateway", "gateway", 3.0),
    Fault(4.0, "kill", "followup-0"),
    Fault(5.0, "crash broker", "broker", 0.5),
    Fault(6.0, "kill", "complaints-api"),
    Fault(7.0, "cut connections", "postgres"),
    Fault(7.0, "restart", "followup-1"),
    Fault(8.0, "kill", "followup-api"),
    Fault(9.0, "crash postgres", "postgres", 0.5),
    Fault(9.5, "kill", "customers"),
]


@pytest.fixture(scope="module")
async def stage() -> AsyncIterator[Stage]:
    async with a_stage() as stage:
        yield stage


async def test_faults_lose_nothing_and_double_nothing(stage: Stage) -> None:
    load = Load(stage.broker.address, "r")
    await stage.play("whole", "short-lease", cast=CAST)
    try:
        outcome = await run.whole(stage, load, run.Pace(10, 250, 1200), FAULTS)
    finally:
        said = stage.last_words()
        stage.clear()
        await load.close()
    assert outcome.clean, f"{outcome.everything_wrong}\n{said}"
    assert len(outcome.faults) == len(FAULTS)
    assert outcome.notices.sent + outcome.notices.failed == len(load.shipped) > 100
    assert outcome.handled > 1000
    assert outcome.complaints.keys() == LIVES.keys() - {"handed over"}
    assert outcome.parked.found > 5


@pytest.mark.parametrize("control", [it for it in CONTROLS if it.caught], ids=lambda control: control.change)
async def test_the_checker_catches_a_system_without_the_guarantee(stage: Stage, control: Control) -> None:
    seen = await play(stage, control)
    assert seen.is_caught_by(control), seen
