"""How long each process takes from nothing to ready, and what it then holds: the API and the worker of every service, one after the other."""

import asyncio
import sys
from itertools import product
from time import perf_counter

import psutil

from deploy.local import issuer
from deploy.local.databases import SERVICES, Database
from deploy.local.leash import a_port
from deploy.local.system import ROLES
from tests.bench.figures import Result, Round
from tests.bench.stage import ROOT, Stage, answers, until

SETTLED = 1.0  # seconds after which nothing of the start is under way
IMPORTS = """
from time import perf_counter
began = perf_counter()
import uvloop, deploy.command.process, services.{service}.app, shared.{role}
print(perf_counter() - began)"""


async def run(stage: Stage, rounds: int) -> Result:
    result = Result("start", "from nothing to ready, and what is held then")
    issuer.prepare(stage.folder / "issuer", "http://issuer.test")
    databases = {name: await stage.migrated(name, f"start_{name}") for name in SERVICES}
    for _ in range(rounds):
        for role, service in product(ROLES, SERVICES):
            result.add(
                f"{service} {role}", {"imports s": await imported(service, role)} | await lap(stage, service, role, databases[service])
            )
    whole = sum(sorted(it["Pss MiB"] for it in laps)[len(laps) // 2] for laps in result.rounds.values())
    result.said.append(f"All eight: {whole:.0f} MiB.")
    return result


async def imported(service: str, role: str) -> float:
    """Seconds for a fresh interpreter to import what the process imports."""
    command = IMPORTS.format(service=service, role=role)
    python = await asyncio.create_subprocess_exec(sys.executable, "-c", command, stdout=asyncio.subprocess.PIPE, cwd=ROOT)
    out, _ = await python.communicate()
    return float(out)


async def lap(stage: Stage, service: str, role: str, database: Database) -> Round:
    """Until `/readyz` says yes. A worker that comes back finds its place in its group; the first one waits for the broker to let it in."""
    began = perf_counter()
    process = stage.start(
        "deploy.command", role, service, name=f"start {service} {role}", database=database.dsn, port=str(a_port()), issuer="http://issuer.test",
        jwks=str(stage.folder / "issuer" / "jwks.json"),
    )  # fmt: skip
    await until(lambda: answers(int(process.ops_port), "/readyz"), seconds=60, watched=[process], every=0.01)
    seconds = perf_counter() - began
    await asyncio.sleep(SETTLED)
    cpu, memory = process.cpu, psutil.Process(process.popen.pid).memory_full_info()
    process.end()
    return {"ready s": seconds, "CPU s": cpu, "RSS MiB": memory.rss / 2**20, "Pss MiB": memory.pss / 2**20}
