"""A stranger's first quarter of an hour: start, paste, break, stop, start again."""

import json
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import psutil
import pytest

from deploy.local import samples
from tests.terminal import COMMAND, Terminal, a_run_folder

SERVICES = {"customers", "complaints", "followup", "reception"}


@pytest.fixture
def run() -> Iterator[Path]:
    with a_run_folder() as run:
        yield run


def test_a_strangers_walk(run: Path) -> None:
    terminal = Terminal(run)
    terminal.until("ready", 180)
    addresses = terminal.addresses
    assert (run / "addresses.json").stat().st_mode & 0o777 == 0o600
    assert set(addresses) == SERVICES | {"ops", "kafka", "postgres", "mailbox", "issuer"}
    assert set(addresses["ops"]) == {f"{name}-{role}" for name in SERVICES for role in ("api", "worker")}
    assert {message["to"] for message in terminal.messages()} >= samples.readers()
    assert "Mailbox" in httpx.get(addresses["mailbox"], trust_env=False).text

    second = subprocess.run(COMMAND, capture_output=True, text=True, check=False, env=terminal.env)
    assert second.returncode == 1 and addresses["mailbox"] in second.stderr and second.stderr.count("\n") == 1

    whole = "".join(terminal.lines)
    block = whole[whole.index("export TOKEN") : whole.index("ready")]
    pasted = subprocess.run(["sh", "-e"], input=block, capture_output=True, text=True, check=False, env=terminal.env)
    assert pasted.returncode == 0, pasted.stderr
    assert '"sent"' in pasted.stdout and "chen.jing@example.com" in pasted.stdout
    complaint = json.loads(pasted.stdout.strip().splitlines()[-1])
    assert (complaint["state"], complaint["round"]) == ("investigating", 2)
    story = httpx.get(f"{addresses['mailbox']}/stories/{complaint['correlation']}", trust_env=False).text
    told = [
        story.index(f"<b>{it}</b>")
        for it in ("complaint.received", "complaint.resolved", "call.planned", "satisfaction.reported", "complaint.reopened")
    ]
    assert told == sorted(told) and complaint["number"] in story
    assert complaint["number"] in httpx.get(f"{addresses['mailbox']}/stories", trust_env=False).text

    worker = next(process for process in terminal.family() if process.cmdline()[-2:] == ["worker", "followup"])
    worker.kill()
    assert "by SIGKILL" in terminal.until("followup-worker ended", 10)
    _ready(addresses["ops"]["followup-worker"])

    family = terminal.family()
    terminal.process.send_signal(signal.SIGINT)
    assert terminal.process.wait(60) == 0
    assert len(family) > 10 and not psutil.wait_procs(family, timeout=5)[1]
    assert not (run / "addresses.json").exists()

    again = Terminal(run)
    told = len(samples.readers())
    started = time.monotonic()
    again.until("ready", 60)
    assert time.monotonic() - started < 30
    assert again.addresses["mailbox"] == addresses["mailbox"] and len(again.messages()) >= told
    assert len({message["key"] for message in again.messages()}) == len(again.messages()), "nothing was sent twice"

    family = again.family()
    again.process.kill()
    again.process.wait()
    assert len(family) > 10 and not psutil.wait_procs(family, timeout=10)[1]


def _ready(address: str) -> None:
    limit = time.monotonic() + 30
    while time.monotonic() < limit:
        try:
            if httpx.get(f"{address}/readyz", trust_env=False).status_code == 200:
                return
        except httpx.TransportError:
            pass
        time.sleep(0.1)
    raise AssertionError(f"{address} did not get ready again")
