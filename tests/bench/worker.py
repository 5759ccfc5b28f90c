"""A worker of follow-up as it is, with two things of its surroundings changed: no gateway is asked, and it alone takes the topic of orders.

In a whole system `customers` parks and tells what is wrong on that topic; here one process does all, so that it can be set beside another one.

python -m tests.bench.worker [--without-slots]
"""

import sys
from dataclasses import replace

import uvloop

from services.followup.app import service
from shared import shell
from shared.topics import TOPICS
from shared.worker import run_worker
from tests.bench.shipments import TOPIC


def without_slots() -> None:
    """As most groups are run: members come and go under names that the broker makes up."""
    known = shell.consumer_options
    shell.consumer_options = lambda *told: {name: value for name, value in known(*told).items() if name != "group_instance_id"}


if __name__ == "__main__":
    if "--without-slots" in sys.argv:
        without_slots()
    TOPICS[TOPIC] = replace(TOPICS[TOPIC], owner=service.name)
    quiet = replace(service, jobs=lambda means: [job for job in service.jobs(means) if job.name != "sending"])
    uvloop.run(run_worker(quiet, service.settings.read("database", "kafka")))
