"""Staff who take complaints to their end while everything around them is killed: they repeat what was not answered, and wait for what must come."""

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

import httpx
import orjson

from tests.chaos.checker import everything

PATIENCE = 120.0  # seconds for what must come
AT_ONCE = 8
JUDGED_AT_ONCE = 8
TAKEN = ["received", "judged", "resolved"]
ENDED = ["accepted", "closed"]
# what becomes of a complaint: the answers to its calls in each round, None where it is opened again by hand; the steps that are announced of it
LIVES: dict[str, tuple[list[str | None], list[str]]] = {
    "satisfied": (["satisfied"], [*TAKEN, *ENDED]),
    "fair": (["fair"], [*TAKEN, *ENDED]),
    "dissatisfied": (["dissatisfied", "satisfied"], [*TAKEN, "reopened", "resolved", *ENDED]),
    "opened again": ([None, "satisfied"], [*TAKEN, "reopened", "resolved", *ENDED]),
    "handed over": (["satisfied"], [*TAKEN, *ENDED]),  # a question at the reception's desk turned out to be one
}


@dataclass
class Desk:
    """`clients` by service. What went wrong is collected, not raised."""

    clients: dict[str, httpx.AsyncClient]
    lives: dict[str, str] = field(default_factory=dict)  # by complaint
    wrong: list[str] = field(default_factory=list)

    async def ask(self, method: str, service: str, path: str, body: Any = None, **headers: str) -> Any:
        """Until somebody answers; a POST always under the same key."""
        told = {name.replace("_", "-"): value for name, value in headers.items()} | (
            {"Idempotency-Key": uuid4().hex} if method == "POST" else {}
        )
        async with asyncio.timeout(PATIENCE):
            while True:
                try:
                    answer = await self.clients[service].request(method, path, json=body, headers=told)
                    if answer.status_code < 500:
                        return answer.raise_for_status().json()
                except httpx.TransportError:
                    pass
                await asyncio.sleep(0.1)

    async def until(self, service: str, path: str, wanted: Callable[[Any], Any]) -> Any:
        async with asyncio.timeout(PATIENCE):
            while not (found := wanted(await self.ask("GET", service, path))):
                await asyncio.sleep(0.1)
        return found

    async def step(self, id: str, name: str, body: Any) -> None:
        version = (await self.ask("GET", "complaints", f"/v1/complaints/{id}"))["version"]
        await self.ask("POST", "complaints", f"/v1/complaints/{id}/{name}", body, If_Match=f'"{version}"')

    async def live(self, kind: str) -> None:
        """One complaint, from its intake to its end."""
        customer = {"system": "erp", "id": f"desk-{uuid4().hex[:12]}"}
        id = await (self.handed_over(customer) if kind == "handed over" else self.taken(customer))
        self.lives[id] = kind
        await self.step(id, "judgement", {"upheld": True, "reason": "The strap was loose."})
        rounds, _ = LIVES[kind]
        for round, answer in enumerate(rounds, 1):
            await self.until("complaints", f"/v1/complaints/{id}", lambda it, round=round: it["round"] == round)
            await self.step(id, "resolution", {"result": "A new coil.", "compensation": None})
            if answer is None:
                await self.step(id, "reopening", {"reason": "They wrote again."})
                continue
            calls = f"/v1/calls?about=complaint:{id}"
            call = await self.until(
                "followup", calls, lambda it, round=round: [c for c in it["items"] if c["round"] == round and c["state"] == "planned"]
            )
            await self.ask("POST", "followup", f"/v1/calls/{call[0]['id']}/outcome", {"satisfaction": answer})
        await self.until("complaints", f"/v1/complaints/{id}", lambda it: it["state"] == "closed")

    async def taken(self, customer: dict[str, str]) -> str:
        body = {"customer": customer, "channel": "phone", "category": "delivery", "content": "The coil came bent."}
        id: str = (await self.ask("POST", "complaints", "/v1/complaints", body))["id"]
        return id

    async def handed_over(self, customer: dict[str, str]) -> str:
        body = {"customer": customer, "channel": "mail", "kind": "complaint", "question": "Why is the coil bent?"}
        inquiry = await self.ask("POST", "reception", "/v1/inquiries", body)
        await self.ask("POST", "reception", f"/v1/inquiries/{inquiry['id']}/handover", {"to": "complaints", "category": "delivery"})
        found = await self.until("complaints", f"/v1/complaints?customer_id={inquiry['customer_id']}", lambda it: it["items"])
        id: str = found[0]["id"]
        return id

    async def work(self, ended: asyncio.Event, kinds: Sequence[str]) -> None:
        """Some at once, of every kind, until it is enough; those that were begun are finished."""

        async def one_after_the_other(first: int) -> None:
            n = first
            while not ended.is_set():
                try:
                    await self.live(kinds[n % len(kinds)])
                except (TimeoutError, httpx.HTTPStatusError, LookupError) as error:
                    self.wrong.append(f"a complaint that is {kinds[n % len(kinds)]} got stuck: {error!r}")
                n += 1

        await asyncio.gather(*(one_after_the_other(n) for n in range(AT_ONCE)))

    async def judge(self, kafka: str) -> None:
        """By the registers and the topics, as anybody can read them."""
        steps = await told(kafka, "careloop.complaints")
        self.wrong += [f"a complaint that nobody knows of, {id}: announced {steps[id]}" for id in steps.keys() - self.lives.keys()]
        places = asyncio.Semaphore(JUDGED_AT_ONCE)

        async def judge(id: str, kind: str) -> None:
            rounds, expected = LIVES[kind]
            if steps[id] != expected:
                self.wrong.append(f"{kind}: announced {steps[id]}")
            async with places:
                calls = (await self.ask("GET", "followup", f"/v1/calls?about=complaint:{id}"))["items"]
            states = [it["state"] for it in sorted(calls, key=lambda it: it["round"])]
            if states != ["called_off" if answer is None else "done" for answer in rounds]:
                self.wrong.append(f"{kind}: calls are {states}")

        await asyncio.gather(*(judge(id, kind) for id, kind in self.lives.items()))


async def told(kafka: str, topic: str) -> dict[str, list[str]]:
    """The last words of the types of all events about a thing, in the order of the topic; a repeat is dropped by its id, as any reader does."""
    found: dict[str, list[str]] = defaultdict(list)
    seen = set()
    for record in await everything(kafka, topic):
        headers = dict(record.headers)
        if headers["ce_id"] not in seen:
            seen.add(headers["ce_id"])
            if complaint := orjson.loads(record.value).get("complaint_id"):  # what staff are to be told is about others' clocks and tasks
                found[complaint].append(headers["ce_type"].decode().split(".")[1])
    return found


@asynccontextmanager
async def at_work(clients: dict[str, httpx.AsyncClient], kinds: Sequence[str]) -> AsyncIterator[Desk]:
    """Works as long as the block runs, and finishes what was begun."""
    desk, ended = Desk(clients), asyncio.Event()
    working = asyncio.create_task(desk.work(ended, kinds))
    try:
        yield desk
    finally:
        ended.set()
        await working
