"""Does a worker grow with what it has handled? Its memory after 100,000 and after a million events."""

from tests.bench.figures import Goal, Result
from tests.bench.path import CARELOOP, prepare
from tests.bench.shipments import publish, shipments
from tests.bench.stage import Ends, Stage, until

EARLY, LATE, AT_ONCE = 100_000, 1_000_000, 50_000


async def run(stage: Stage, rounds: int) -> Result:
    """Once, whatever the rounds: a million events are many."""
    result = Result(
        "memory", "resident memory of one worker, MiB",
        [Goal("grown by", "careloop", most=15), Goal(f"after {LATE:,}", "careloop", most=150)],
    )  # fmt: skip
    databases = await prepare(stage, "memory", [CARELOOP])
    worker = CARELOOP.start(stage, "memory", databases[CARELOOP.name])
    found: dict[str, float] = {}
    async with Ends(stage.kafka, *CARELOOP.out) as ends:
        expected = await ends.count()
        for number in range(LATE // AT_ONCE):
            sent = shipments(AT_ONCE, f"m{number}")
            expected += sent.outcomes
            await publish(stage.kafka, sent.records)

            async def all_out(wanted: int = expected) -> bool:
                return await ends.count() >= wanted

            await until(all_out, seconds=300, watched=[worker], every=0.2)
            if (handled := (number + 1) * AT_ONCE) in (EARLY, LATE):
                found[f"after {handled:,}"] = worker.memory
    worker.end()
    result.add("careloop", found | {"grown by": found[f"after {LATE:,}"] - found[f"after {EARLY:,}"]})
    return result
