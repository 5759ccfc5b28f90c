"""Ten faults, one after the other, in a running system that a real Prometheus watches: `python -m tests.deploy_tools.drill [--scale 0.06] [FAULT…]`.

Of each: is the right alert told in its time, does nothing else wake anybody, and does the first command of its runbook name the cause? What it
found it writes as a table to standard output; docs/alerts.md has one.
"""

import argparse
import asyncio
import contextlib
import json
import os
import re
import shutil
import sys
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from time import monotonic

import httpx

from deploy.local import issuer
from deploy.local.databases import SERVICES
from deploy.local.place import write_private
from deploy.monitoring import documents
from deploy.monitoring.alerts import ALERTS
from tests.chaos import load as loads
from tests.chaos import processes
from tests.chaos.load import Load
from tests.chaos.processes import service_of
from tests.chaos.stage import Stage, a_stage, until
from tests.deploy_tools.faults import FAULTS, Fault
from tests.deploy_tools.watching import Watching

TOOLS = {"prometheus": "prometheus", "promtool": "prometheus", "prometheus-alertmanager": "prometheus-alertmanager"}
ABSENT = 77
CAST = "customers", "customers-api", "followup"
PATIENCE = 170.0  # seconds for an alert, and for its end
ROOT = Path(__file__).parents[2]


@dataclass
class Row:
    fault: Fault
    after: float | None  # seconds
    others: set[str]
    command: str
    said: str
    named: bool

    @property
    def right(self) -> bool:
        return self.after is not None and not self.others and self.named

    def __str__(self) -> str:
        after = "never" if self.after is None else f"{self.after:.0f} s"
        others = ", ".join(sorted(self.others)) or "nobody"
        return f"| {self.fault.name} | {self.fault.alert} ({self.fault.severity}) | {after} | {others} | `{self.command}`: {self.said or 'says nothing of it'} |"


class Drill:
    def __init__(self, stage: Stage, scale: float) -> None:
        self.stage, self.watching = stage, Watching(stage.folder / "watching", scale)
        self.load = Load(stage.broker.address, "drill", customers=9, shipments=1)
        self.heart = 1.0  # seconds between two rounds of load

    async def begin(self) -> None:
        processes.COMMANDS["followup"] = ["deploy.command", "worker", "followup"]
        loads.BAD = 0.0
        await self.stage.play("drill", cast=CAST)
        for name in SERVICES:
            if name not in self.stage.databases:  # commands that look at all services find one for each
                self.stage.databases[name] = await self.stage.database(name, f"{name}_drill")
        self.tell_addresses()
        await self.load.declare()
        targets = {f"careloop-{job(name)}": f"127.0.0.1:{it.ops_port}" for name, it in self.stage.processes.items()}
        self.watching.start(targets)

    def tell_addresses(self) -> None:
        """As `make run` would have left them, for the commands of the runbooks."""
        told = {
            "ops": {job(name): f"http://127.0.0.1:{it.ops_port}" for name, it in self.stage.processes.items()},
            "kafka": self.stage.broker.address,
            "postgres": {name: it.dsn for name, it in self.stage.databases.items()},
        }
        (self.stage.folder / "run").mkdir(exist_ok=True)
        write_private(self.stage.folder / "run" / "addresses.json", json.dumps(told))

    async def live(self) -> None:
        """Something goes on all the time: events come, and somebody reads."""
        token = issuer.sign(self.stage.folder / "issuer", ["supervisor"], subject="staff")
        address = self.stage.processes["customers-api"].address
        async with httpx.AsyncClient(base_url=address, headers={"Authorization": f"Bearer {token}"}, timeout=5, trust_env=False) as client:
            while True:
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(self.load.tick(), 10)
                for _ in range(2):
                    with contextlib.suppress(httpx.HTTPError):
                        await client.get("/v1/customers?limit=5")
                await asyncio.sleep(self.heart)

    async def quiet(self) -> bool:
        return not await self.watching.stirring() and not await self.watching.restarts()

    async def break_one(self, fault: Fault) -> Row:
        pager = self.watching.pager
        with contextlib.suppress(TimeoutError):
            await until(self.quiet, PATIENCE)
        print(f"# {fault.name}: before it {sorted(await self.watching.stirring()) or 'all is quiet'}", flush=True)
        pager.heard.clear()
        began, after, command, said = monotonic(), None, "", ""
        async with fault.breaks(self):
            with contextlib.suppress(TimeoutError):
                await until(lambda: fault.alert in pager.names(fault.severity), PATIENCE)
                after = monotonic() - began
            command = first_command(fault.alert)
            said = await self.ask(command)
        with contextlib.suppress(TimeoutError):
            await until(self.quiet, PATIENCE)
        others = pager.names("page") - {fault.alert, *fault.also}
        line = next((it for it in said.splitlines() if re.search(fault.names, it)), "")
        print(f"# {fault.name}: {after}, pages {pager.names('page')}, tickets {pager.names('ticket')}\n{said}", flush=True)
        return Row(fault, after, others, command, line.strip()[:160], bool(line))

    async def ask(self, command: str) -> str:
        child = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "deploy.command", *command.split()[1:],
            stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
            env=os.environ | {"CARELOOP_RUN": str(self.stage.folder / "run")}, cwd=self.stage.folder,
        )  # fmt: skip
        out, _ = await child.communicate()
        return out.decode()


def first_command(alert: str) -> str:
    slug = next(it.slug for it in ALERTS if it.name == alert)
    text = (documents.HERE / "runbooks" / f"{slug}.md").read_text(encoding="utf-8")
    return re.search(r"^\$ (careloop .*)$", text, re.MULTILINE)[1]  # type: ignore[index]


def job(process: str) -> str:
    return process if process.endswith("-api") else f"{service_of(process)}-worker"


@contextlib.asynccontextmanager
async def a_drill(scale: float) -> AsyncIterator[Drill]:
    async with a_stage() as stage:
        drill = Drill(stage, scale)
        try:
            await drill.begin()
            living = asyncio.create_task(drill.live())
            yield drill
            living.cancel()
            await asyncio.gather(living, return_exceptions=True)
        finally:
            await drill.load.close()
            drill.watching.stop()


async def run(scale: float, wanted: list[str]) -> int:
    rows = []
    async with a_drill(scale) as drill:
        await asyncio.sleep(20)
        with contextlib.suppress(TimeoutError):
            await until(drill.quiet, PATIENCE)
        healthy = await drill.ask("careloop health")
        print(f"# healthy: {healthy}", flush=True)
        for fault in FAULTS:
            if not wanted or fault.slug in wanted:
                rows.append(await drill.break_one(fault))
                print(rows[-1], flush=True)
    print(
        f"\nTime scale {scale}; healthy: `{healthy.strip()}`\n\n| fault | alert | told after | also woken | first command of its runbook |\n|---|---|---|---|---|"
    )
    print("\n".join(map(str, rows)))
    return 0 if all(it.right for it in rows) else 1


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--scale", type=float, default=0.06)
    parser.add_argument("faults", nargs="*")
    told = parser.parse_args()
    if missing := sorted({package for tool, package in TOOLS.items() if shutil.which(tool) is None}):
        print(f"The drill needs what is not here: apt-get install {' '.join(missing)}")
        return ABSENT
    return asyncio.run(run(told.scale, told.faults))


if __name__ == "__main__":
    sys.exit(main())
