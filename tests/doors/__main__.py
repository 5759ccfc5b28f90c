"""make fuzz: `python -m tests.doors [--cases N] [--seed N] [--service NAME] [--only PART]`."""

import argparse
import asyncio
import logging
import tempfile
from collections.abc import Sequence
from pathlib import Path
from time import time

import structlog

from deploy.local.databases import Server
from deploy.local.place import run_folder
from deploy.local.postgres import Postgres
from tests.conftest import Databases
from tests.doors.report import keep, report
from tests.doors.run import Run, run
from tests.doors.stage import on_stage
from tests.permissions.doors import SERVICES

ENOUGH = 50  # cases at an address, of which a fifth says something; 5,000 cases are some 90 at each


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--cases", type=int, default=5000, help="how many each service is asked at the least")
    parser.add_argument("--seed", type=int, default=int(time()), help="the same seed asks the same")
    parser.add_argument("--service", choices=SERVICES, help="this one alone")
    parser.add_argument("--only", default="", help="addresses with this in them")


def main(told: argparse.Namespace) -> int:
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))  # every answer is a line
    print(f"seed {told.seed}", flush=True)
    with tempfile.TemporaryDirectory(prefix="careloop doors ", ignore_cleanup_errors=True) as folder:
        Path(folder).chmod(0o711)
        server = Postgres(Path(folder) / "postgres")
        server.start()
        try:
            runs = asyncio.run(all_of(told, Databases(Server(server.dsn, "doors")), Path(folder)))
        finally:
            server.stop()
    few = [f"{it.service}: {line}" for it in runs if it.count / len(it.answers) >= ENOUGH for line in it.few(0.2)]
    print("\n".join(["", *(f"TOO FEW {it}" for it in few), f"kept in {keep(runs, told.seed, run_folder())}"]))
    return 1 if few or any(it.wrong for it in runs) else 0


async def all_of(told: argparse.Namespace, databases: Databases, folder: Path) -> Sequence[Run]:
    runs: list[Run] = []
    for service in (told.service,) if told.service else SERVICES:
        (there := folder / service).mkdir()
        async with on_stage(databases, service, there) as stage:
            runs.append(await run(stage, count=told.cases, seed=told.seed, only=told.only))
        print("\n".join(report(runs[-1])), flush=True)
    return runs


if __name__ == "__main__":
    parser = argparse.ArgumentParser(
        prog="python -m tests.doors", description="Asks every address of the four APIs what nobody would think of."
    )
    arguments(parser)
    raise SystemExit(main(parser.parse_args()))
