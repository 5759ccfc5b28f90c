"""Child processes that never outlive the one that started them, not even when it is killed."""

import contextlib
import ctypes
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import psutil

PR_SET_PDEATHSIG = 1
_libc = ctypes.CDLL(None, use_errno=True) if sys.platform == "linux" else None


class CannotStart(Exception):
    """A sentence for the person at the terminal: what could not be started and what to do."""


@dataclass(frozen=True)
class Account:
    """Whom a child runs as."""

    uid: int
    gid: int


def spawn(
    command: Sequence[str],
    *,
    log: Path,
    on_our_death: signal.Signals,
    account: Account | None = None,
    env: Mapping[str, str] | None = None,
    folder: Path | None = None,
) -> subprocess.Popen[bytes]:
    """A child in a session of its own (Ctrl-C is ours to pass on), writing to `log`, signalled by the kernel when we die."""
    if _libc is not None and threading.current_thread() is not threading.main_thread():
        raise RuntimeError("spawn from the main thread: Linux ties a child's life to the thread that made it")
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("ab") as sink:
        return subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=sink,
            stderr=subprocess.STDOUT,
            cwd=folder,
            env=dict(env) if env is not None else None,
            start_new_session=True,
            preexec_fn=_tie(os.getpid(), on_our_death),  # it calls one function of libc and takes no lock
            user=account.uid if account else None,
            group=account.gid if account else None,
            extra_groups=[] if account else None,
        )


def _tie(parent: int, deadly: signal.Signals) -> Callable[[], None] | None:
    libc = _libc
    if libc is None:
        return None

    def tie() -> None:
        libc.prctl(PR_SET_PDEATHSIG, int(deadly))
        if os.getppid() != parent:  # it died before we asked
            os._exit(1)

    return tie


def end(child: subprocess.Popen[bytes], first: signal.Signals, patience: float) -> None:
    """Asks, waits, insists; returns when the child and whatever it started is gone."""
    if child.poll() is None:
        child.send_signal(first)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(child.pid, signal.SIGCONT)  # a paused process hears nothing
        with contextlib.suppress(subprocess.TimeoutExpired):
            child.wait(patience)
    kill(child)


def kill(child: subprocess.Popen[bytes]) -> None:
    """At once, with everything in its session."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(child.pid, signal.SIGKILL)
    child.wait()


def started_at(pid: int) -> float | None:
    """A mark that tells this process from a later one with the same number; None when there is none."""
    try:
        process = psutil.Process(pid)
        return None if process.status() == psutil.STATUS_ZOMBIE else process.create_time()
    except psutil.NoSuchProcess:
        return None


def command_of(pid: int) -> list[str]:
    """The command line of a process, empty when there is none that we may see."""
    try:
        return list(psutil.Process(pid).cmdline())
    except psutil.Error:
        return []


def children_of(pid: int) -> list[int]:
    try:
        return [child.pid for child in psutil.Process(pid).children()]
    except psutil.NoSuchProcess:
        return []


def a_port(usual: int | None = None) -> int:
    """The usual port when nobody has it, otherwise any free one."""
    for wanted in (usual, 0):
        if wanted is None:
            continue
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", wanted))
            except OSError:
                continue
            return int(probe.getsockname()[1])
    raise CannotStart("No TCP port of 127.0.0.1 is free; close some programs and try again.")


def until(done: Callable[[], bool], *, seconds: float, child: subprocess.Popen[bytes], what: str, log: Path) -> None:
    """Waits for `done`; a child that ended, or time that ran out, is a sentence with the place of its log."""
    limit = time.monotonic() + seconds
    while not done():
        if child.poll() is not None:
            raise CannotStart(f"{what} ended while starting (exit code {child.returncode}); {log} says why.")
        if time.monotonic() > limit:
            raise CannotStart(f"{what} did not answer within {seconds:.0f} s; {log} may say why.")
        time.sleep(0.02)
