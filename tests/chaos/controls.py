"""Systems that lack one guarantee each. The checker must catch them, or it proves nothing."""

from dataclasses import dataclass

from tests.chaos.load import Load
from tests.chaos.run import Outcome, Pace, effects_of, under_load
from tests.chaos.schedule import WORKERS, Fault
from tests.chaos.stage import Stage, until

TRIES = 4
KILLS = [Fault(at, "kill", WORKERS[n % 2]) for n, at in enumerate((1.13, 2.27, 3.41))]  # whoever is killed again has come back before


@dataclass(frozen=True)
class Control:
    """`change`: of the workers. `caught`: what the checker has to see; empty: nothing. `seconds` for what is missing."""

    change: str
    caught: str
    faults: tuple[Fault, ...] = tuple(KILLS)
    patience: float = 10.0


CONTROLS = (
    Control("offset-before-commit", "lost", patience=3.0),
    Control("no-inbox", "doubled"),
    Control("no-key-lock", "reordered", faults=()),
    Control("slow-commit", "", faults=(), patience=30.0),  # as slow as the one before it, but with its lock
)


@dataclass(frozen=True)
class Seen:
    lost: int
    doubled: int
    reordered: int

    def is_caught_by(self, control: Control) -> bool:
        return getattr(self, control.caught) > 0 if control.caught else self == Seen(0, 0, 0)


async def play(stage: Stage, control: Control) -> Seen:
    """Two workers and a few seconds of load; again, where a slow machine did not show it yet."""
    run = control.change.replace("-", "")
    load = Load(stage.broker.address, run)
    await stage.play(control.change.replace("-", "_"), control.change, cast=WORKERS)
    seen = Seen(0, 0, 0)
    try:
        for _ in range(TRIES if control.caught else 1):
            await until(stage.ready, 60)
            await under_load(stage, load, Pace(4, 400), control.faults, Outcome(), lambda _: None)
            effects, _, lost = await effects_of(load, stage.broker.address, control.patience)
            seen = Seen(len(lost), effects.doubled, effects.reordered)
            if seen.is_caught_by(control):
                break
    finally:
        stage.clear()
        await load.close()
    return seen
