"""`POST /v1/complaints`: the API as it runs, beside the usual way to write such an endpoint, one process each, a new customer and a new key each time.

The usual way publishes before it answers; ours leaves that to the worker, so once a round the worker runs beside the API and its work is counted too.
"""

import asyncio
import random
import sys
from dataclasses import dataclass

import asyncpg
import orjson

from deploy.local import issuer
from deploy.local.databases import Database
from deploy.local.leash import a_port
from tests.bench import textbook_api
from tests.bench.figures import Goal, Result, Round
from tests.bench.stage import ROOT, Process, Stage, answers, until

AT_ONCE = (1, 8, 32)  # connections
SECONDS, WARMING = 4.0, 3.0  # of a lap, and until a contender runs warm
RATE = "requests/s"
CARELOOP, TEXTBOOK, WHOLE = "careloop", "textbook", "careloop with its worker"


@dataclass(frozen=True, slots=True)
class Contender:
    process: Process
    port: int
    database: Database
    settings: dict[str, str]


async def run(stage: Stage, rounds: int) -> Result:
    result = Result(
        "intake", "POST /v1/complaints, by how many ask at once, one process",
        [Goal(RATE, called(CARELOOP, n), called(TEXTBOOK, n), least=0.9) for n in AT_ONCE] + [Goal("p99 ms", called(CARELOOP, AT_ONCE[-1]))],
    )  # fmt: skip
    issuer.prepare(stage.folder / "issuer", "http://issuer.test")
    await stage.topic(textbook_api.OUT)
    ours = await begin(stage, CARELOOP, "deploy.command", "api", "complaints")
    theirs = await begin(stage, TEXTBOOK, "tests.bench.textbook_api")
    contenders = {CARELOOP: ours, TEXTBOOK: theirs}
    for name, it in contenders.items():
        await lap(stage, it, AT_ONCE[-1], f"w{name[0]}", WARMING)
    for number in range(rounds):
        for at_once in AT_ONCE:
            for name in random.sample(list(contenders), 2):
                result.add(called(name, at_once), await lap(stage, contenders[name], at_once, f"{number}{name[0]}{at_once}"))
        worker = await accompanied(stage, ours)
        result.add(called(WHOLE, AT_ONCE[-1]), await lap(stage, ours, AT_ONCE[-1], f"{number}whole", beside=worker))
        worker.end()
    for it in contenders.values():
        it.process.end()
    return result


def called(name: str, at_once: int) -> str:
    return f"{name}, {at_once} at once"


async def begin(stage: Stage, name: str, *command: str) -> Contender:
    database, port = await stage.migrated("complaints", f"intake_{name}"), a_port()
    told = {"issuer": "http://issuer.test", "jwks": str(stage.folder / "issuer" / "jwks.json"), "database": database.dsn}
    process = stage.start(*command, name=f"intake {name}", port=str(port), **told)
    await until(lambda: answers(port, "/openapi.json"), seconds=60, watched=[process])
    return Contender(process, port, database, told)


async def accompanied(stage: Stage, it: Contender) -> Process:
    """Its worker, which has caught up."""
    worker = stage.start("deploy.command", "worker", "complaints", name="intake worker", **it.settings)
    connection = await asyncpg.connect(it.database.dsn)

    async def caught_up() -> bool:
        return not await connection.fetchval("SELECT EXISTS (SELECT FROM outbox)")

    await until(lambda: answers(int(worker.ops_port), "/readyz"), seconds=60, watched=[worker])
    await until(caught_up, seconds=120, watched=[worker], every=0.5)
    await connection.close()
    return worker


async def lap(stage: Stage, it: Contender, at_once: int, seed: str, seconds: float = SECONDS, *, beside: Process | None = None) -> Round:
    """So many connections for so long."""
    token = issuer.sign(stage.folder / "issuer", ["specialist"], subject="desk")
    told = {"port": it.port, "connections": at_once, "seconds": seconds, "token": token, "seed": seed}
    used, with_it = stage.cpu(it.process), beside.cpu if beside else 0.0
    callers = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.bench.callers", stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, cwd=ROOT
    )
    out, _ = await callers.communicate(orjson.dumps(told))
    it.process.alive()
    if callers.returncode:
        raise SystemExit(f"The callers of {it.process.log.stem} gave up.\n{it.process.said()}")
    found, spent = orjson.loads(out), stage.cpu(it.process)
    answered = found["answered"]
    parts = {"api": spent["worker"] - used["worker"], "database": spent["database"] - used["database"], "callers": found["cpu"]}
    if beside:
        parts["worker"] = beside.cpu - with_it
    times = {f"{name} ms": found[name] * 1e3 for name in ("p50", "p99")}
    return (
        {RATE: found["rate"]}
        | times
        | {f"{name} us": used / answered * 1e6 for name, used in parts.items()}
        | {"memory MiB": it.process.memory}
    )
