"""What one, two and four workers do on this machine, and what each message costs which part: so that it can be said what more cores would bring."""

import random

from tests.bench.figures import Goal, Result
from tests.bench.path import CARELOOP, MANY, RATE, lap, prepare
from tests.bench.shipments import publish, shipments
from tests.bench.stage import Stage

WORKERS = (1, 2, 4)


async def run(stage: Stage, rounds: int) -> Result:
    result = Result(
        "workers", "order.shipped to notice to own event, by workers", [Goal(RATE, f"{n} workers", "1 workers") for n in WORKERS[1:]]
    )
    database = (await prepare(stage, "workers", [CARELOOP]))[CARELOOP.name]
    for number in range(rounds):
        for workers in random.sample(WORKERS, len(WORKERS)):
            sent = shipments(MANY, f"w{number}{workers}")
            used = stage.cpu()["generator"]
            await publish(stage.kafka, sent.records)
            generator = (stage.cpu()["generator"] - used) / MANY * 1e6
            figures = await lap(stage, "workers", CARELOOP, database, sent, workers)
            result.add(f"{workers} workers", {**figures, "generator us": generator})
    return result
