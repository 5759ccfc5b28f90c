"""A spreadsheet of 100,000 rows, from the moment its file has arrived to `done`: the service's API and worker as they run, beside a row a transaction."""

import asyncio
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from time import monotonic
from typing import Any

import httpx
import psutil

from deploy.local import issuer
from deploy.local.leash import a_port
from tests.bench.figures import Goal, Result, Round
from tests.bench.stage import Process, Stage, answers, until

ROWS, NAIVE = 100_000, 2_000
AT_ONCE = 8  # connections of the other way
SECONDS, MEMORY = "s for 100,000", "peak MiB"
HEADINGS = {
    "customers": "客户编号,客户名称,联系人,电话,邮箱,地址",
    "orders": "订单编号,客户编号,下单时间,确认时间,发货时间,签收时间,承诺交期,订单金额,省份,城市,付款方式,状态",
    "complaints": "投诉编号,客户编号,投诉时间,投诉内容,投诉类别,投诉渠道,状态,结束时间",
}


def customer(n: int) -> str:
    return f"C-{n},示例客户{n},李明,021-55550100；138{n:08d},li{n}@example.com,上海市示例路{n}号"


def order(n: int) -> str:
    day = f"2025-{n % 12 + 1:02d}-{n % 28 + 1:02d}"
    return f"SO-{n},C-{n * 9 // 10},{day} 10:30,{day} 16:00,{day} 18:00,{day} 21:00,2025-12-30,12500.50,上海,上海,货到付款,已签收"


def complaint(n: int) -> str:
    day = f"2025-{n % 12 + 1:02d}-{n % 28 + 1:02d}"
    return f"CP-{n},C-{n},{day} 10:30,开卷后发现边部有折叠和裂口，长约{n % 90}米,quality,phone,closed,{day} 16:30"


LINES: dict[str, Callable[[int], str]] = {"customers": customer, "orders": order, "complaints": complaint}
SERVICES = {"customers": "customers", "orders": "customers", "complaints": "complaints"}


@dataclass(frozen=True, slots=True)
class Served:
    """A service's two processes over a database of its own."""

    api: Process
    worker: Process
    client: httpx.AsyncClient


async def run(stage: Stage, rounds: int, *, kinds: Sequence[str] = tuple(HEADINGS), beside: bool = True) -> Result:
    names = [f"{kind}, an import" for kind in kinds]
    result = Result("imports", "100,000 rows from the file's arrival to done", [Goal(SECONDS, name, most=60) for name in names])
    issuer.prepare(stage.folder / "issuer", "http://issuer.test")
    for number in range(rounds):
        for kind in kinds:
            served = await begin(stage, SERVICES[kind], f"{kind}_{number}")
            try:
                result.add(f"{kind}, an import", await imported(stage, served, kind))
                if beside and kind != "orders":  # which no request brings
                    result.add(f"{kind}, a row a request", await one_by_one(served, kind))
            finally:
                await served.client.aclose()
                served.worker.end()
                served.api.end()
    if beside:
        result.said.append(f"A row a request: {NAIVE:,} rows by {AT_ONCE} connections, reckoned up to 100,000.")
    return result


async def begin(stage: Stage, service: str, name: str) -> Served:
    database, port = await stage.migrated(service, f"imports_{name}"), a_port()
    told = {"issuer": "http://issuer.test", "jwks": str(stage.folder / "issuer" / "jwks.json"), "database": database.dsn}
    api = stage.start("deploy.command", "api", service, name=f"imports api {name}", port=str(port), **told)
    worker = stage.start("deploy.command", "worker", service, name=f"imports worker {name}", **told)
    await until(lambda: answers(port, "/openapi.json"), seconds=60, watched=[api])
    await until(lambda: answers(int(worker.ops_port), "/readyz"), seconds=60, watched=[worker])
    token = issuer.sign(stage.folder / "issuer", ["admin", "specialist", "integration"], subject="desk")
    head = {"Authorization": f"Bearer {token}"}
    return Served(api, worker, httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", headers=head, trust_env=False, timeout=60))


async def imported(stage: Stage, it: Served, kind: str) -> Round:
    made = await it.client.post("/v1/imports", json={"kind": kind, "system": "erp"})
    made.raise_for_status()
    place = f"/v1/imports/{made.json()['id']}"
    lines = "\n".join([HEADINGS[kind], *(LINES[kind](n) for n in range(ROWS))])
    used = stage.cpu(it.worker)
    (await it.client.put(f"{place}/file", content=lines.encode(), headers={"Content-Type": "text/csv"})).raise_for_status()
    began, peak, seen = monotonic(), 0.0, dict[str, Any]()
    reached: dict[str, float] = {}
    while seen.get("state") not in ("done", "failed", "mapping_needed", "checked"):
        await asyncio.sleep(0.1)
        peak = max(peak, resident(it.worker))
        seen = (await it.client.get(place)).raise_for_status().json()
        reached.setdefault(seen["state"], monotonic() - began)
        it.worker.alive()
        if monotonic() - began > 600:
            raise SystemExit(f"{kind}: {seen}")
    if seen["state"] != "done" or seen["created"] != ROWS:
        raise SystemExit(f"{kind}: {seen}")
    cpu, applying = stage.cpu(it.worker), reached["applying"]
    return {
        SECONDS: reached["done"], "reading s": applying, "applying s": reached["done"] - applying, "worker CPU s": cpu["worker"] - used["worker"],
        "database CPU s": cpu["database"] - used["database"], MEMORY: peak, "load": os.getloadavg()[0],
    }  # fmt: skip


def resident(worker: Process) -> float:
    """The worker and the process that reads the file for it."""
    family = psutil.Process(worker.popen.pid)
    total = 0.0
    for one in (family, *family.children(recursive=True)):
        try:
            total += one.memory_info().rss / 2**20
        except psutil.NoSuchProcess:
            continue
    return total


async def one_by_one(it: Served, kind: str) -> Round:
    """The same facts as requests, each a transaction."""
    numbers = iter(range(ROWS, ROWS + NAIVE))

    async def caller() -> None:
        for n in numbers:
            (await ask(it.client, kind, n)).raise_for_status()

    began = monotonic()
    await asyncio.gather(*(caller() for _ in range(AT_ONCE)))
    return {SECONDS: (monotonic() - began) / NAIVE * ROWS}


async def ask(client: httpx.AsyncClient, kind: str, n: int) -> httpx.Response:
    if kind == "customers":
        told: dict[str, Any] = {
            "kind": "company", "display_name": f"示例客户{n}", "contact_person": "李明", "phones": ["+862155550100", f"+86138{n:08d}"],
            "emails": [f"li{n}@example.com"], "address": f"上海市示例路{n}号",
        }  # fmt: skip
        return await client.put(f"/v1/customers/by-reference/erp/C-{n}", json=told)
    told = {
        "customer": {"system": "erp", "id": f"C-{n}"},
        "channel": "phone",
        "category": "quality",
        "content": "开卷后发现边部有折叠和裂口",
    }
    return await client.post("/v1/complaints", json=told, headers={"Idempotency-Key": f"bench-{n:09d}"})
