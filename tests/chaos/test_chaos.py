"""Both stories, with workers, APIs, PostgreSQL and the broker killed under load: nothing is lost, doubled or put out of order.

The same checker must catch two systems that lack one guarantee each; otherwise it proves nothing.
"""

import asyncio
import contextlib
import random
import tempfile
from collections.abc import AsyncIterator
from pathlib import Path
from time import monotonic

import pytest

from tests.chaos.checker import Verdict, everything, judge_notices, judge_payments, register
from tests.chaos.desk import LIVES, at_work
from tests.chaos.load import Load
from tests.chaos.stage import Stage, until

OUT = "careloop.followup"


@pytest.fixture(scope="module")
async def stage() -> AsyncIterator[Stage]:
    with tempfile.TemporaryDirectory(prefix="careloop chaos ") as folder:
        Path(folder).chmod(0o711)
        stage = Stage(Path(folder))
        try:
            await stage.prepare()
            yield stage
        finally:
            stage.close()


async def under_load(stage: Stage, load: Load, seconds: float, *faults: str) -> None:
    """Feeds while faults happen, one after the other, evenly over the time."""
    chance = random.Random(load.run)

    async def break_things() -> None:
        for fault in faults:
            await asyncio.sleep(seconds / (len(faults) + 1))
            match fault:
                case "worker":
                    stage.kill_worker(chance.choice((0, 1)))
                case "postgres":
                    await stage.kill_postgres()
                case "broker":
                    await stage.kill_broker()
                case other:
                    stage.kill_other(other)

    breaking, end = asyncio.create_task(break_things()), monotonic() + seconds
    while monotonic() < end or not breaking.done():
        await load.tick()
        await asyncio.sleep(0.05)
    await breaking


async def verdict_of(stage: Stage, load: Load, seconds: float) -> Verdict:
    """As soon as nothing is missing, or after so many seconds."""
    end = monotonic() + seconds
    while True:
        verdict = judge_payments(await everything(stage.broker.address, OUT), load.payments, load.run)
        if not verdict.lost or monotonic() > end:
            return verdict
        await asyncio.sleep(0.3)


async def test_kills_lose_nothing_and_double_nothing(stage: Stage) -> None:
    load = Load(stage.broker.address, "r")
    async with stage.gateways() as (smtp_port, http_port):
        await stage.play("whole", smtp_port, http_port)
        await stage.open_the_desk()
        await load.contacts()
        async with stage.staff() as clients:
            async with at_work(clients) as desk:
                await under_load(
                    stage, load, 10, "worker", "postgres", "complaints", "worker", "broker", "complaints-api", "worker", "followup-api", "postgres", "complaints"
                )  # fmt: skip
            verdict = await verdict_of(stage, load, 60)
            client = clients["followup"]

            async def all_sent() -> bool:
                notices = await register(client, "/v1/notices")
                return len(notices) >= len(load.shipped) and all(notice["state"] in ("sent", "failed") for notice in notices)

            with contextlib.suppress(TimeoutError):  # the checker says what is missing
                await until(all_sent, 60)
            judge_notices(await register(client, "/v1/notices"), load.shipped, stage.mailbox.entries, verdict)
            await desk.judge(stage.broker.address)
    assert stage.deaths() == [], stage.last_words()
    stage.clear()
    assert verdict.clean, f"{verdict}\n{stage.last_words()}"
    assert verdict.notices == len(load.shipped) > 100
    assert sum(load.payments.values()) > 500
    assert not desk.wrong and set(desk.lives.values()) == set(LIVES), desk.wrong
    assert stage.kills == {"worker": 3, "postgres": 2, "broker": 1, "complaints": 2, "api": 2}


@pytest.mark.parametrize(("sabotage", "caught"), [("offset-before-commit", "lost"), ("no-inbox", "doubled")])
async def test_the_checker_catches_a_system_without_the_guarantee(stage: Stage, sabotage: str, caught: str) -> None:
    load = Load(stage.broker.address, sabotage[0])
    await stage.play(sabotage.replace("-", "_"), 1, 1, sabotage)
    await under_load(stage, load, 4, "worker", "worker", "worker")
    verdict = await verdict_of(stage, load, 3 if caught == "lost" else 10)
    stage.clear()
    assert getattr(verdict, caught) > 0, verdict
