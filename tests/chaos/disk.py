"""Two small disks for PostgreSQL, its data on one and its WAL on the other, which something else fills up.

A table that can't grow is an error of one statement; a WAL that can't be written is a PANIC, after which PostgreSQL recovers as from a crash. They
are mounted in a namespace of our own, so that they are gone when we are. That takes root: where it is not to be had, no disk is filled.
"""

import contextlib
import ctypes
import errno
import os
import shutil
import subprocess
from pathlib import Path

from deploy.local.postgres import Postgres

SIZES = {"data": "2500m", "wal": "700m"}
KEPT = 64 * 1024 * 1024  # bytes written at once
CLONE_NEWNS = 0x20000
SETTINGS = {
    "max_wal_size": "256MB",
    "wal_recycle": "off",  # otherwise what is left of old segments lasts for a long time
    "log_checkpoints": "off",
}


def private_mounts() -> str:
    """From here on nobody but our children sees what we mount. Empty, or why that can't be."""
    try:
        if ctypes.CDLL(None, use_errno=True).unshare(CLONE_NEWNS):
            return f"a disk of our own can't be mounted ({os.strerror(ctypes.get_errno() or errno.EPERM)})"
        run("mount", "--make-rprivate", "/")
    except (OSError, AttributeError, subprocess.CalledProcessError) as error:
        return f"a disk of our own can't be mounted ({error})"
    return ""


class Disks:
    """`missing`: why there are none."""

    def __init__(self, folder: Path) -> None:
        self.places = {"data": folder / "postgres", "wal": folder / "wal"}
        self.missing = "nobody asked for small disks"

    def mount(self) -> None:
        """Before PostgreSQL makes its files."""
        self.missing = private_mounts()
        if self.missing:
            return
        try:
            for name, place in self.places.items():
                place.mkdir(parents=True)
                run("mount", "-t", "tmpfs", "-o", f"size={SIZES[name]},mode=0711", f"chaos-{name}", str(place))
        except (OSError, subprocess.CalledProcessError) as error:
            self.missing = f"a disk of our own can't be mounted ({error})"
            self.unmount()

    def move_wal(self, postgres: Postgres) -> None:
        """Before PostgreSQL starts. It may not recycle: what it keeps ahead would last for the whole time."""
        if self.missing:
            return
        place, wal = self.places["wal"] / "pg_wal", postgres.data / "pg_wal"
        owner = wal.stat()
        shutil.move(wal, place)
        for path in (place, *place.rglob("*")):
            os.chown(path, owner.st_uid, owner.st_gid)
        wal.symlink_to(place)
        with (postgres.data / "postgresql.conf").open("a") as settings:
            settings.writelines(f"{name} = '{value}'\n" for name, value in SETTINGS.items())

    def fill(self, name: str) -> None:
        """To the last byte."""
        with (self.places[name] / "filler").open("wb", buffering=0) as filler:
            for size in (KEPT, 4096, 1):
                with contextlib.suppress(OSError):
                    while filler.write(b"\0" * size):
                        pass

    def free(self, name: str) -> None:
        (self.places[name] / "filler").unlink(missing_ok=True)

    def unmount(self) -> None:
        for place in self.places.values():
            if place.is_mount():
                subprocess.run(["umount", "--lazy", str(place)], check=False)


def run(*command: str) -> None:
    subprocess.run(command, check=True, capture_output=True)
