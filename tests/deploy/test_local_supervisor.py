"""Children come back, say so, and never stay behind."""

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from deploy.local import supervisor
from deploy.local.stop import stop
from deploy.local.supervisor import Program, Supervisor

SLEEPER = [sys.executable, "-c", "import time; time.sleep(600)"]
DEAF = [
    sys.executable,
    "-c",
    "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('deaf', flush=True); time.sleep(600)",
]
RUNNER = """
import asyncio, sys
from pathlib import Path
from deploy.local.supervisor import Program, Supervisor

async def main():
    kept = Supervisor(Path(sys.argv[1]) / "processes.json", print)
    kept.start(*(Program(f"sleeper-{n}", [sys.executable, "-c", "import time; time.sleep(600)"], log=Path(sys.argv[1]) / "log") for n in range(3)))
    print(*(part.child.pid for part in kept.groups[0]), flush=True)
    await asyncio.sleep(600)

asyncio.run(main())
"""


async def until(true: Callable[[], bool], seconds: float = 10) -> None:
    async with asyncio.timeout(seconds):
        while not true():
            await asyncio.sleep(0.02)


async def test_a_crashed_child_comes_back_later_each_time_and_its_name_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(supervisor, "FIRST_PAUSE", 0.05)
    said: list[str] = []
    kept = Supervisor(tmp_path / "processes.json", said.append)
    program = Program("followup-worker", SLEEPER, log=tmp_path / "log")
    kept.start(program)
    try:
        for times in (1, 2):
            assert program.child
            first = program.child.pid
            os.kill(first, signal.SIGKILL)
            await until(lambda first=first: program.child is not None and program.child.pid != first)  # type: ignore[misc]
            assert len(said) == times
        assert all(line.startswith("followup-worker ended (by SIGKILL)") for line in said)
        assert ["0.05 s" in said[0], "0.1 s" in said[1]] == [True, True]
    finally:
        await kept.stop()
    assert program.child and program.child.poll() is not None
    assert not (tmp_path / "processes.json").exists()


async def test_a_child_that_does_not_listen_is_ended_all_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(supervisor, "GRACE", 0.3)
    kept = Supervisor(tmp_path / "processes.json", print)
    program = Program("deaf", DEAF, log=tmp_path / "log")
    kept.start(program)
    await until(lambda: (tmp_path / "log").read_text() == "deaf\n")
    await kept.stop()
    assert program.child and program.child.returncode == -signal.SIGKILL


def runner(folder: Path) -> tuple[subprocess.Popen[str], list[psutil.Process]]:
    process = subprocess.Popen([sys.executable, "-c", RUNNER, str(folder)], stdout=subprocess.PIPE, text=True)
    assert process.stdout
    return process, [psutil.Process(int(pid)) for pid in process.stdout.readline().split()]


def test_a_killed_runner_leaves_nobody_behind(tmp_path: Path) -> None:
    process, children = runner(tmp_path)
    process.kill()
    process.wait()
    _, alive = psutil.wait_procs(children, timeout=5)
    assert len(children) == 3 and not alive


def test_stop_ends_what_is_ours_and_nothing_that_has_only_the_number(tmp_path: Path) -> None:
    process, children = runner(tmp_path)
    stranger = subprocess.Popen(SLEEPER)
    ledger = tmp_path / "processes.json"
    ledger.write_text(ledger.read_text().replace("}", f', "{stranger.pid}": 1.0}}'))
    started = time.monotonic()
    assert stop(tmp_path)
    process.wait()
    try:
        assert time.monotonic() - started < 10 and stranger.poll() is None
        assert not psutil.wait_procs(children, timeout=5)[1]
        assert not stop(tmp_path)
    finally:
        stranger.kill()
        stranger.wait()
