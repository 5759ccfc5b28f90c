"""One run: publish, wait until everything is taken, judge. `make fuzz` and the test go this way, each with its own number of records."""

import asyncio
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from time import monotonic

from tests.fuzz.evidence import evidence, rejections, wrong_with_services
from tests.fuzz.judge import Verdict, judge
from tests.fuzz.publishing import publish
from tests.fuzz.stage import Stage
from tests.fuzz.stream import Sent


@dataclass
class Run:
    """What was published, and what came of it."""

    sent: Sequence[Sent]
    verdict: Verdict
    seconds: dict[str, float] = field(default_factory=dict)
    drained: dict[str, float] = field(default_factory=dict)  # by whom and what, seconds after the last record was published
    messages: int = 0


async def run(sent: Sequence[Sent], patience: float, say: Callable[[str], None] = lambda _: None) -> Run:
    began = monotonic()
    with tempfile.TemporaryDirectory(prefix="careloop fuzz ", ignore_cleanup_errors=True) as folder:
        stage = Stage(Path(folder))
        try:
            await stage.start()
            async with stage.working():
                say(f"PostgreSQL, Kafka and four workers are up after {monotonic() - began:.0f} s")
                started = monotonic()
                await publish(stage.broker.address, sent)
                published = monotonic()
                say(f"{len(sent)} records are published after {published - started:.0f} s more")
                drained, left = await until_taken(stage, patience)
                taken = monotonic()
                found, (told, wrong) = await evidence(stage), await rejections(stage)
                verdict = judge(sent, found, told, stage.readers)
                wrong += [f"{what}: {count} are still waiting" for what, count in left.items()]
                wrong += await wrong_with_services(stage)
                verdict.wrong[:0] = [(None, each) for each in wrong]  # first: the rest may come of it
        finally:
            stage.close()
    seconds = {"starting": started - began, "publishing": published - started, "taking": taken - published, "in all": monotonic() - began}
    return Run(sent, verdict, seconds, drained, len(stage.mailbox.entries))


async def until_taken(stage: Stage, patience: float) -> tuple[dict[str, float], dict[str, int]]:
    """Every group at the end of every partition, every outbox empty, twice in a row: when each came to its end, and what never did."""
    began, drained, quiet = monotonic(), dict[str, float](), 0
    while True:
        behind = await stage.behind()
        for what in behind:
            drained[what] = monotonic() - began
        quiet = 0 if behind else quiet + 1
        if quiet == 2 or stage.deaths() or monotonic() - began > patience:
            return drained, behind
        await asyncio.sleep(0.5)
