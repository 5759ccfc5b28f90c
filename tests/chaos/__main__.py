"""python -m tests.chaos: breaks everything for some minutes while both stories go on, and says what became of them."""

import argparse
import asyncio
import json
import logging
import random
import sys
from pathlib import Path
from time import monotonic

import structlog

from tests.chaos.controls import CONTROLS, Seen, play
from tests.chaos.load import Load
from tests.chaos.report import Report
from tests.chaos.run import Outcome, Pace, whole
from tests.chaos.schedule import schedule
from tests.chaos.stage import a_stage

CUSTOMERS = 240
BEFORE, AFTER = 25.0, 60.0  # seconds of the minutes that are asked for: everything starts, and everything drains and is judged
QUIET_AT_THE_END = 0.97  # the part of the load in which faults come


def say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


async def run(told: argparse.Namespace) -> Report:
    begun = monotonic()
    seconds = max(told.minutes * 60 - BEFORE - AFTER, 20.0)
    faults = schedule(told.seed, seconds * QUIET_AT_THE_END, told.faults)
    say(
        f"seed {told.seed}: {told.faults} faults in {seconds:.0f} s; the same again: make chaos ARGS='--seed {told.seed} --minutes {told.minutes:g} --faults {told.faults}'"
    )
    controls: dict[str, Seen] = {}
    async with a_stage(small_disks=True) as stage:
        if stage.disks.missing:
            say(f"no disk is filled: {stage.disks.missing}")
        load = Load(stage.broker.address, f"c{told.seed}", customers=CUSTOMERS, shipments=1)
        await stage.play("whole")
        say(f"everything is up after {monotonic() - begun:.0f} s")
        try:
            outcome: Outcome = await whole(stage, load, Pace(seconds, told.events / seconds, told.events), faults, say)
        finally:
            keep(stage.folder, told.keep)
            stage.clear()
            await load.close()
    if not told.without_controls:
        async with a_stage() as stage:
            for control in CONTROLS:
                controls[control.change] = await play(stage, control)
                say(f"control {control.change}: {controls[control.change]}")
    return Report(told.seed, told.minutes, told.events, told.faults, outcome, monotonic() - begun, controls)


def keep(folder: Path, where: Path | None) -> None:
    """The logs, for whoever looks for a cause."""
    if where:
        where.mkdir(parents=True, exist_ok=True)
        for log in (*folder.glob("*.log"), *folder.glob("*/*.log")):
            (where / log.name).write_bytes(log.read_bytes())


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.chaos", description=__doc__)
    parser.add_argument("--seed", type=int, default=random.randrange(10**6), help="of the schedule: the same seed, the same faults")
    parser.add_argument("--minutes", type=float, default=8.0, help="from the first start to the verdict, without the controls")
    parser.add_argument("--faults", type=int, default=60)
    parser.add_argument("--events", type=int, default=200_000, help="at the least; repeats and what can't be read come on top")
    parser.add_argument("--without-controls", action="store_true", help="only the run itself")
    parser.add_argument("--json", type=Path, help="where to write the result")
    parser.add_argument("--keep", type=Path, help="a folder for the logs of all processes")
    told = parser.parse_args()
    if min(told.minutes, told.faults, told.events) <= 0:
        parser.error("--minutes, --faults and --events are more than nothing")
    if told.json and not told.json.absolute().parent.is_dir():
        parser.error(f"there is no folder {told.json.absolute().parent} for --json")
    logging.disable(logging.CRITICAL)  # of clients whose servers are away
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(50))
    report = asyncio.run(run(told))
    say(report.text())
    if told.json:
        told.json.write_text(json.dumps(report.facts(), indent=2) + "\n")
    return 1 if report.wrong else 0


if __name__ == "__main__":
    sys.exit(main())
