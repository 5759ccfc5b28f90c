"""A whole system as `careloop run` starts it, seen from somebody's terminal."""

import contextlib
import json
import os
import queue
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import psutil

CONFIG = Path(__file__).parents[1] / "deploy" / "local" / "config"
COMMAND = [sys.executable, "-m", "deploy.command", "run"]


class Terminal:
    """Somebody's shell in which `careloop run` runs."""

    def __init__(self, run: Path) -> None:
        self.run = run
        self.env = {name: value for name, value in os.environ.items() if name not in ("CARELOOP_KAFKA", "CARELOOP_POSTGRES")}
        self.env["CARELOOP_RUN"] = str(run)
        self.process = subprocess.Popen(COMMAND, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=self.env)
        self.lines: list[str] = []
        self.coming: queue.Queue[str] = queue.Queue()
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self) -> None:
        assert self.process.stdout
        for line in self.process.stdout:
            self.coming.put(line)

    def until(self, beginning: str, seconds: float) -> str:
        """The line that begins so."""
        limit = time.monotonic() + seconds
        while True:
            try:
                line = self.coming.get(timeout=max(limit - time.monotonic(), 0.01))
            except queue.Empty:
                raise AssertionError(f"no line began with {beginning!r}:\n{''.join(self.lines)}") from None
            self.lines.append(line)
            if line.startswith(beginning):
                return line

    @property
    def addresses(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads((self.run / "addresses.json").read_text())
        return found

    def messages(self) -> list[dict[str, Any]]:
        items: list[dict[str, Any]] = httpx.get(f"{self.addresses['mailbox']}/messages.json", trust_env=False).json()["items"]
        return items

    def careloop(self, *words: str, given: str | None = None) -> subprocess.CompletedProcess[str]:
        """A command of ours in this system."""
        command = [sys.executable, "-m", "deploy.command", *words]
        return subprocess.run(command, input=given, capture_output=True, text=True, check=False, env=self.env)

    def family(self) -> list[psutil.Process]:
        return psutil.Process(self.process.pid).children(recursive=True)


@contextlib.contextmanager
def a_run_folder() -> Iterator[Path]:
    """Where a system keeps its data, as long as the block runs."""
    place = Path(tempfile.mkdtemp(prefix="care loop "))
    place.chmod(0o711)
    try:
        yield place / "run"
    finally:
        subprocess.run([sys.executable, "-m", "deploy.local.clean"], env={**os.environ, "CARELOOP_RUN": str(place / "run")}, check=True)
        shutil.rmtree(place)


@contextlib.contextmanager
def a_system(units: str | None = None) -> Iterator[Terminal]:
    """Up when the block begins, gone when it ends. `units`: another units.toml."""
    with a_run_folder() as run:
        if units:
            shutil.copytree(CONFIG, run / "config")
            (run / "config" / "units.toml").write_text(units)
        terminal = Terminal(run)
        try:
            terminal.until("ready", 180)
            yield terminal
        finally:
            terminal.process.terminate()
            terminal.process.wait(60)
