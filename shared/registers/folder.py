"""Where a file lies while it is written: a folder that goes with whoever made it. One whose maker was killed goes when the next is made.

Whoever has one holds a lock on it, which the system lets go of when they die, however they do; a pod's temporary folder outlives its processes.
"""

import fcntl
import os
import shutil
import tempfile
from collections.abc import Generator
from contextlib import contextmanager, suppress
from pathlib import Path

from shared.clock import OFFSET, now

BEGINS = "careloop-table-"
OLD = 60.0  # seconds; one that is just made may not be locked yet


@contextmanager
def folder() -> Generator[str]:
    tidy()
    with tempfile.TemporaryDirectory(prefix=BEGINS) as path, locked(path):
        yield path


@contextmanager
def locked(path: str | Path) -> Generator[None]:
    """Ours; or BlockingIOError."""
    handle = os.open(path, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield
    finally:
        os.close(handle)


def tidy() -> None:
    """Those that nobody has any more; another user's are theirs."""
    before = (now() - OFFSET).timestamp() - OLD  # by the clock of the disk
    for path in Path(tempfile.gettempdir()).glob(f"{BEGINS}*"):
        with suppress(OSError):
            if path.is_dir() and path.stat().st_mtime < before:
                with locked(path):
                    shutil.rmtree(path)
