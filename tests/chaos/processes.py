"""The processes of all four services: each dies, freezes or ends, and comes back where it was; one that ends by itself is remembered."""

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from deploy.local.leash import a_port, spawn

ROOT = Path(__file__).parents[2]
PATIENCE = 50.0  # seconds; a worker that is asked to end does so within 45
OURS = ["tests.chaos.worker"]
COMMANDS = {
    **{f"followup-{slot}": OURS for slot in range(3)},
    **{name: ["deploy.command", "worker", name] for name in ("complaints", "customers", "reception")},
    **{f"{name}-api": ["deploy.command", "api", name] for name in ("complaints", "customers", "followup", "reception")},
}


def service_of(name: str) -> str:
    return name.split("-")[0]


def slot_of(name: str) -> str:
    last = name.rpartition("-")[2]
    return last if last.isdecimal() else "0"


def is_ours(name: str) -> bool:
    """It has the reactions of this test, and may be changed by it."""
    return COMMANDS[name] is OURS


class Process:
    """`wanted`: it should be alive now. `died`: what was found when it was not."""

    def __init__(self, name: str, settings: Mapping[str, str], log: Path, *changes: str) -> None:
        self.name, self.log = name, log
        self.port, self.ops_port = a_port(), a_port()
        self.command = [sys.executable, "-m", *COMMANDS[name], *changes]
        self.settings = os.environ | settings | {
            "CARELOOP_PORT": str(self.port), "CARELOOP_OPS_PORT": str(self.ops_port), "CARELOOP_SLOT": slot_of(name),
        }  # fmt: skip
        self.wanted = False
        self.died: list[str] = []
        self.child: subprocess.Popen[bytes]

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self, home: Path = ROOT, **settings: str) -> None:
        """From another tree, or with other settings, this once."""
        self.log.touch()
        self.said_before = self.log.stat().st_size
        self.child = spawn(self.command, log=self.log, on_our_death=signal.SIGKILL, env=self.settings | settings, folder=home)
        self.wanted = True

    def kill(self) -> None:
        self.notice()
        self.wanted = False
        self.child.kill()
        self.child.wait()

    async def end(self) -> None:
        """As a rollout asks it to; it has to, and with a good conscience."""
        self.notice()
        self.wanted = False
        self.child.send_signal(signal.SIGTERM)
        try:
            code = await asyncio.to_thread(self.child.wait, PATIENCE)
        except subprocess.TimeoutExpired:
            if is_ours(self.name):
                self.child.send_signal(signal.SIGUSR1)  # it says where it is
                await asyncio.sleep(1)
            self.died.append(f"{self.name} did not end within {PATIENCE:.0f} s when it was asked to: {self.last_words(60)}")
            self.kill()
        else:
            if code and not (code == -signal.SIGTERM and self.log.stat().st_size == self.said_before):  # it had not begun
                self.died.append(f"{self.name} was asked to end and did with {code}: {self.last_words()}")

    def freeze(self) -> None:
        self.child.send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        self.child.send_signal(signal.SIGCONT)

    def notice(self) -> bool:
        """Did it end by itself? None may."""
        if not self.wanted or self.child.poll() is None:
            return False
        self.wanted = False
        self.died.append(f"{self.name} ended by itself ({self.child.returncode}): {self.last_words()}")
        return True

    def last_words(self, lines: int = 12) -> str:
        return "\n".join(line[:2000] for line in self.log.read_text(errors="replace").splitlines()[-lines:])
