"""A worker of the made-up service as a process of its own: `python -m tests.journeys.worker [SERVICE]`, its settings in the environment."""

import os
import sys
from functools import partial
from typing import Any

import uvloop

from shared import worker
from shared.settings import ServiceSettings
from shared.shell import Shell
from tests.shared.a_room import service


def in_a_group(group: str, intake: Any, metrics: Any, kafka: str, _: str, slot: int) -> Shell:
    """Of the test's own: nobody waits for members that another test killed."""
    return Shell(intake, metrics, kafka, group, slot)


if __name__ == "__main__":
    worker.Shell = partial(in_a_group, os.environ["JOURNEY_GROUP"])  # type: ignore[assignment, misc]
    uvloop.run(worker.run_worker(service(*sys.argv[1:]), ServiceSettings.read("database", "kafka")))
