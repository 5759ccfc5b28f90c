"""Apache Kafka's jars: a locked list with their SHA-256, fetched once for all checkouts of this user, checked at every start.

`python -m deploy.local.jars` resolves the list anew with jgo (part of `make lock`).
"""

import contextlib
import hashlib
import os
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from deploy.local.leash import CannotStart

KAFKA = "4.3.1"
WANTED = f"org.apache.kafka:kafka_2.13:{KAFKA}+org.apache.kafka:kafka-tools:{KAFKA}+org.slf4j:slf4j-simple:1.7.36"
LOCK = Path(__file__).with_name("jars.sha256")
CENTRAL = "https://repo.maven.apache.org/maven2"


@dataclass(frozen=True)
class Jar:
    """One line of the lock."""

    coordinate: str
    sha256: str

    @property
    def path(self) -> str:
        """Where any Maven repository has it."""
        group, artifact, version = self.coordinate.split(":")
        return f"{group.replace('.', '/')}/{artifact}/{version}/{artifact}-{version}.jar"

    def lies_in(self, folder: Path) -> bool:
        file = folder / self.path
        return file.exists() and hashlib.sha256(file.read_bytes()).hexdigest() == self.sha256


def locked(lock: Path = LOCK) -> list[Jar]:
    lines = (line.split() for line in lock.read_text().splitlines() if line and not line.startswith("#"))
    return [Jar(coordinate, sha256) for sha256, coordinate in lines]


def cache() -> Path:
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "careloop" / "jars"


def jars(folder: Path | None = None, lock: Path = LOCK, what: str = "Apache Kafka") -> list[Path]:
    """The class path, fetched as far as it is missing; a jar that is not the one we know is fetched anew or refused."""
    folder = folder or cache()
    wanted = locked(lock)
    with kept(what):
        missing = [jar for jar in wanted if not jar.lies_in(folder)]
    if missing:
        _fetch(missing, folder, lock, what)
    return [folder / jar.path for jar in wanted]


@contextlib.contextmanager
def kept(what: str) -> Iterator[None]:
    """Where this user's folder is closed to them, they are told of which other it can be."""
    try:
        yield
    except OSError as error:
        raise CannotStart(
            f"{what} can't be kept at {error.filename} ({error.strerror}): let this account write there, or name another folder, "
            "as in XDG_CACHE_HOME=/var/tmp/cache."
        ) from error


def _fetch(missing: list[Jar], folder: Path, lock: Path, what: str) -> None:
    import requests  # late: needed on the first start only

    with requests.Session() as session:
        for jar in missing:
            reasons = []
            for repository in _repositories():
                try:
                    answer = session.get(f"{repository.rstrip('/')}/{jar.path}", timeout=60)
                    answer.raise_for_status()
                except requests.RequestException as error:
                    reasons.append(f"{repository}: {_plainly(error)}")
                    continue
                if (found := hashlib.sha256(answer.content).hexdigest()) != jar.sha256:
                    raise CannotStart(
                        f"{jar.coordinate} from {repository} is not the jar we know (sha256 {found}, {lock.name} says {jar.sha256}):"
                        " it was not used; ask whoever runs that repository."
                    )
                with kept(what):
                    _keep(answer.content, folder / jar.path)
                break
            else:
                raise CannotStart(
                    f"{what} could not be fetched ({jar.coordinate}; {'; '.join(reasons)}): "
                    "a mirror is set in ~/.config/jgo.conf as `central = URL` under [repositories], a proxy by HTTPS_PROXY, its certificate by "
                    "REQUESTS_CA_BUNDLE; or set CARELOOP_KAFKA=host:port to use a broker of your own."
                )


def _repositories() -> list[str]:
    """Maven Central unless jgo's settings name another `central`; further ones they name come first."""
    from jgo.config import GlobalSettings

    named = GlobalSettings.load().repositories
    return [*(url for name, url in named.items() if name != "central"), named.get("central", CENTRAL)]


def _plainly(error: Exception) -> str:
    from requests import ConnectionError, HTTPError, Timeout

    if isinstance(error, HTTPError) and error.response is not None:
        return f"answered {error.response.status_code}"
    if isinstance(error, Timeout):
        return "did not answer"
    return "cannot be reached" if isinstance(error, ConnectionError) else type(error).__name__


def _keep(content: bytes, file: Path) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(dir=file.parent, delete=False) as half:
        half.write(content)
    Path(half.name).rename(file)


def relock(wanted: str = WANTED, lock: Path = LOCK, beside: Sequence[Jar] = ()) -> None:
    """`beside`: jars that are on the class path anyway."""
    import jgo

    with tempfile.TemporaryDirectory() as scratch:
        os.environ["M2_REPO"] = f"{scratch}/m2"
        jgo.build(wanted, cache_dir=Path(scratch) / "jgo", repositories={"central": _repositories()[-1]})
        found = []
        for file in Path(scratch, "m2").rglob("*.jar"):
            *group, artifact, version, _ = file.relative_to(Path(scratch, "m2")).parts
            found.append(Jar(f"{'.'.join(group)}:{artifact}:{version}", hashlib.sha256(file.read_bytes()).hexdigest()))
    lines = [f"{jar.sha256}  {jar.coordinate}" for jar in found if jar not in beside]
    lock.write_text(
        "# made by `make lock`; sha256 and Maven coordinate\n" + "\n".join(sorted(lines, key=lambda line: line.split()[1])) + "\n"
    )


if __name__ == "__main__":
    relock()
    sys.stdout.write(f"{len(locked())} jars locked in {LOCK}\n")
