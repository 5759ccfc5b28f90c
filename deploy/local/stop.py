"""`make stop`: ends what `make run` started in this checkout, politely, then surely."""

import contextlib
import os
import signal
import sys
import time
from pathlib import Path

from deploy.local.leash import started_at
from deploy.local.place import read_json, run_folder

PATIENCE = 60.0


def stop(run: Path) -> bool:
    """True if anything was running."""
    ledger = run / "processes.json"
    ours = {int(pid): mark for pid, mark in read_json(ledger).items() if mark is not None}
    found = _alive(ours)
    runner = next(iter(ours), None)
    if runner in found:  # it ends the others, in order
        _signal([runner], signal.SIGTERM)
        _wait(ours, PATIENCE)
    for last in (signal.SIGTERM, signal.SIGKILL):
        _signal(_alive(ours), last)
        _wait(ours, 10)
    ledger.unlink(missing_ok=True)
    (run / "addresses.json").unlink(missing_ok=True)
    return bool(found)


def _alive(ours: dict[int, float]) -> list[int]:
    return [pid for pid, mark in ours.items() if started_at(pid) == mark]


def _signal(pids: list[int], number: signal.Signals) -> None:
    for pid in pids:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, number)


def _wait(ours: dict[int, float], seconds: float) -> None:
    limit = time.monotonic() + seconds
    while _alive(ours) and time.monotonic() < limit:
        time.sleep(0.1)


if __name__ == "__main__":
    sys.stdout.write("Stopped.\n" if stop(run_folder()) else "Nothing of this checkout was running.\n")
