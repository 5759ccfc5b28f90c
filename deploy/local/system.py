"""A whole system on one machine: what its parts are, how each is told of the others, and in which order they come up."""

import asyncio
import json
import os
import shutil
import sys
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from urllib.parse import urlsplit

import asyncpg

from deploy.local import issuer, ports
from deploy.local.databases import SERVICES, Database, Server
from deploy.local.kafka import Broker, cluster_at
from deploy.local.leash import CannotStart
from deploy.local.place import write_private
from deploy.local.postgres import Postgres
from deploy.local.supervisor import Program, Supervisor

HERE = Path(__file__).parent
ROLES = ("api", "worker")
LOG_KEPT = 20_000_000  # bytes; longer ones are put aside at the next start


class System:
    """What `make run` runs, in one folder."""

    def __init__(self, run: Path, say: Callable[[str], None]) -> None:
        self.run = run
        self.say = say
        self.supervisor = Supervisor(run / "processes.json", say)
        self.ports = ports.choose(run / "ports.json")
        self.postgres_given = os.environ.get("CARELOOP_POSTGRES", "")
        self.kafka = os.environ.get("CARELOOP_KAFKA", "")
        self.databases: dict[str, Database] = {}

    def url(self, name: str) -> str:
        return f"http://127.0.0.1:{self.ports[name]}"

    def log(self, name: str) -> Path:
        return self.run / "logs" / f"{name}.log"

    @property
    def addresses(self) -> dict[str, object]:
        return {
            **{name: self.url(name) for name in SERVICES},
            "ops": {f"{name}-{role}": self.url(f"{name}-{role}") for name in SERVICES for role in ROLES},
            "kafka": self.kafka,
            "postgres": {name: database.dsn for name, database in self.databases.items()},
            "mailbox": self.url("mailbox"),
            "issuer": self.url("issuer"),
        }

    async def start(self) -> None:
        """Everything is up when this returns, though not yet ready."""
        self._lay_out()
        self._look_through()
        self.supervisor.start(self._issuer(), self._mailbox())
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._start_postgres())
            tasks.create_task(self._start_kafka())
        self.supervisor.start(*(self._process(name, role) for role in ROLES for name in SERVICES))
        write_private(self.run / "addresses.json", json.dumps(self.addresses, indent=2))

    async def stop(self) -> None:
        (self.run / "addresses.json").unlink(missing_ok=True)
        await self.supervisor.stop()

    def _lay_out(self) -> None:
        if not (self.run / "config").exists():
            shutil.copytree(HERE / "config", self.run / "config")
        for log in (self.run / "logs").glob("*.log"):
            if log.stat().st_size > LOG_KEPT:
                log.replace(log.with_suffix(".log.1"))
        issuer.prepare(self.run / "issuer", self.url("issuer"))

    def _look_through(self) -> None:
        """A mistake that every process would stumble over is told once, before any of them is there."""
        from deploy.profiles import everything  # late: with it come the rules of all services

        if wrong := everything(config := self.run / "config"):
            told = "\n".join(map(str, wrong))
            raise CannotStart(f"{config} can't be used, so nothing was started:\n{told}\nMend it and start again.")

    async def _start_postgres(self) -> None:
        server = Postgres(self.run / "postgres", log=self.log("postgres"), port=self.ports["postgres"])
        admin = self.postgres_given
        if not admin:
            await asyncio.to_thread(server.prepare)
            self.supervisor.start(server)
            await asyncio.to_thread(server.wait)
            admin = server.dsn
            self.say(f"PostgreSQL answers at 127.0.0.1:{server.port}")
        else:
            server.keep_secret()
        cluster = Server(admin, server.secret)
        try:
            for name in SERVICES:
                self.databases[name] = await cluster.provide(name)
        except (OSError, asyncpg.PostgresError) as error:
            where = urlsplit(admin).netloc.rpartition("@")[2]
            raise CannotStart(f"PostgreSQL at {where} (CARELOOP_POSTGRES) refuses: {error}.") from error
        migrations = await asyncio.to_thread(import_module, "shared.migrations")
        for name, database in self.databases.items():
            app = await asyncio.to_thread(import_module, f"services.{name}.app")
            await migrations.migrate(app.service, database.owner_dsn)
        self.say("databases are migrated")

    async def _start_kafka(self) -> None:
        if not self.kafka:
            broker = Broker(self.run / "kafka", log=self.log("kafka"), port=self.ports["kafka"])
            await asyncio.to_thread(broker.prepare)
            self.supervisor.start(broker)
            await asyncio.to_thread(broker.wait)
            self.kafka = broker.address
            self.say(f"Kafka answers at {self.kafka}")
        elif not await asyncio.to_thread(lambda: any(cluster_at(address) for address in self.kafka.split(","))):
            raise CannotStart(f"No Kafka answers at {self.kafka} (CARELOOP_KAFKA); unset it to use the embedded one.")
        topics = await asyncio.to_thread(import_module, "deploy.topics")
        _, left = await topics.apply_topics(self.kafka)
        if left:
            self.say(f"{len(left)} topics are not as the catalogue says: `careloop topics diff` shows them")
        self.say("topics are made")

    def _issuer(self) -> Program:
        command = [sys.executable, "-m", "deploy.local.issuer", str(self.run / "issuer"), str(self.ports["issuer"])]
        return Program("issuer", command, log=self.log("issuer"), env={**os.environ, "CARELOOP_ENVIRONMENT": "development"})

    def _mailbox(self) -> Program:
        told = {
            "http": self.ports["mailbox"],
            "smtp": self.ports["smtp"],
            "issuer": self.run / "issuer",
            "units": self.run / "config" / "units.toml",
        }
        options = [part for name, value in told.items() for part in (f"--{name}", str(value))]
        options += [f"--api={name}={self.url(name)}" for name in SERVICES]
        command = [sys.executable, "-m", "deploy.local.gateways", str(self.run / "mailbox"), *options]
        return Program("mailbox", command, log=self.log("mailbox"))

    def _process(self, service: str, role: str) -> Program:
        name = f"{service}-{role}"
        settings = {"DATABASE": self.databases[service].dsn, "PORT": self.ports[service], "OPS_PORT": self.ports[name]}
        return Program(name, _careloop(role, service), log=self.log(name), env=self._env(**settings))

    def _env(self, **settings: object) -> dict[str, str]:
        told = {
            "KAFKA": self.kafka,
            "HOST": "127.0.0.1",
            "SLOT": 0,
            "CONFIG": self.run / "config",
            "ISSUER": self.url("issuer"),
            "ENVIRONMENT": "development",
            "SMTP": f"smtp://127.0.0.1:{self.ports['smtp']}",
            "MAIL_FROM": "care@example.com",
            "SMS": f"{self.url('mailbox')}/messages",
            "LOCAL_CHAT": f"{self.url('mailbox')}/chats/staff",
            **settings,
        }
        return {**os.environ, "PYTHONUNBUFFERED": "1", **{f"CARELOOP_{name}": str(value) for name, value in told.items()}}


def _careloop(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "deploy.command", *arguments]
