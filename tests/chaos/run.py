"""One run: load and faults at once, then the waiting for what must come, then the verdict."""

import asyncio
import contextlib
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from time import monotonic
from typing import Any

import httpx

from tests.chaos import silence
from tests.chaos.checker import Effects, Notices, Reading, everything, judge_notices, register
from tests.chaos.desk import LIVES, Desk, at_work
from tests.chaos.faults import STRIKES, NotHere
from tests.chaos.load import ORDERS, Load
from tests.chaos.parked import Parked, judge_parked
from tests.chaos.schedule import Fault
from tests.chaos.silence import NOTHING, Silence
from tests.chaos.stage import Stage, until

OUT = "careloop.followup"
PATIENCE = 120.0  # seconds for what must come; a notice on whose way a worker died is tried again after a minute
OVERTIME = 90.0  # seconds in which the load may still become as large as was asked
ENDS = "sent", "failed"
MOST_SILENT = (
    0.02  # of all notices are given up because their senders died between remembering an attempt and making it; more is no accident
)


@dataclass
class Outcome:
    """What one run showed."""

    sent: Counter[str] = field(default_factory=Counter)
    handled: int = 0
    lost: list[str] = field(default_factory=list)
    doubled: int = 0
    reordered: int = 0
    repeats: int = 0
    notices: Notices = field(default_factory=Notices)
    parked: Parked = field(default_factory=Parked)
    complaints: Counter[str] = field(default_factory=Counter)
    silence: Silence = NOTHING
    silenced_by: list[str] = field(default_factory=list)
    faults: list[tuple[float, float, Fault]] = field(default_factory=list)  # when it began, when it was mended
    not_here: Counter[str] = field(default_factory=Counter)
    drained: float = 0.0  # seconds from the end of the load to the last of what must come
    wrong: list[str] = field(default_factory=list)

    @property
    def clean(self) -> bool:
        return not self.everything_wrong

    @property
    def everything_wrong(self) -> list[str]:
        counted = [(len(self.lost), "lost"), (self.doubled, "doubled"), (self.reordered, "reordered")]
        found = [f"{count} {what}" for count, what in counted if count] + [f"lost: {name}" for name in self.lost[:5]]
        return found + self.wrong + self.notices.wrong + self.parked.wrong


@dataclass(frozen=True)
class Pace:
    """`rate`: events a second; `events`: so many at the least."""

    seconds: float
    rate: float
    events: int = 0


async def under_load(stage: Stage, load: Load, pace: Pace, faults: Sequence[Fault], outcome: Outcome, tell: Callable[[str], None]) -> None:
    """Feeds while faults come at their time, some at once."""
    begun = monotonic()

    async def strike(fault: Fault) -> None:
        await asyncio.sleep(max(fault.at - (monotonic() - begun), 0))
        async with stage.mending[fault.victim]:
            tell(f"{monotonic() - begun:6.1f} s  {fault}")
            at = time.time()
            try:
                await STRIKES[fault.kind](stage, fault)
            except NotHere as reason:
                tell(f"          not done: {reason}")
                outcome.not_here[f"{fault.kind}: {reason}"] += 1
            except Exception as error:  # noqa: BLE001  a run says all that it saw
                outcome.wrong.append(f"{fault} could not be mended: {error!r}")
            else:
                outcome.faults.append((at, time.time(), fault))

    async with asyncio.TaskGroup() as tasks:
        supervising = tasks.create_task(stage.supervise())
        striking = [tasks.create_task(strike(fault)) for fault in faults]
        while (gone := monotonic() - begun) < pace.seconds or not all(it.done() for it in striking) or load.events < pace.events:
            if gone > pace.seconds + OVERTIME:
                break
            if load.events < max(pace.rate * gone, 1):
                await load.tick()
            else:
                await asyncio.sleep(0.02)
        await asyncio.gather(*striking)
        supervising.cancel()


async def effects_of(load: Load, kafka: str, seconds: float, *, lost: bool = True) -> tuple[Effects, list[Any], list[str]]:
    """As soon as nothing is missing, or after so many seconds: effects, all records of the topic, what was lost."""
    effects, records, end = Effects(load.run), [], monotonic() + seconds
    async with Reading(kafka, OUT) as reading:
        while True:
            new = await reading.more()
            effects.take(new)
            records += new
            missing = effects.lost(load.payments, load.reminders)
            if not missing or monotonic() > end:
                return effects, records, missing
            await asyncio.sleep(0.3)


async def whole(stage: Stage, load: Load, pace: Pace, faults: Sequence[Fault], tell: Callable[[str], None] = lambda _: None) -> Outcome:
    """Both stories under these faults. The stage plays."""
    outcome, kafka = Outcome(), stage.broker.address
    async with stage.staff() as clients:
        kinds = [kind for kind in LIVES if kind != "handed over" or "reception" in clients]
        await load.declare()
        async with at_work(clients, kinds) as desk:
            await under_load(stage, load, pace, faults, outcome, tell)
            tell("the load ends; now what must come is waited for")
        ended = monotonic()
        effects, records, outcome.lost = await effects_of(load, kafka, PATIENCE)
        notices = await settled(clients["followup"], len(load.shipped))
        outcome.drained = monotonic() - ended
        async with Reading(kafka, OUT) as reading:
            records = await reading.more()
        outcome.notices = judge_notices(notices, load.shipped, stage.gateway.provider.entries, records)
        if outcome.notices.silent > MOST_SILENT * len(notices) + 2:
            outcome.wrong.append(f"{outcome.notices.silent} notices failed that were mailed less than twice")
        outcome.sent, outcome.handled = load.sent, len(effects.came) + outcome.notices.sent
        outcome.doubled, outcome.reordered, outcome.repeats = effects.doubled, effects.reordered, effects.repeats
        inbound = await everything(kafka, ORDERS)
        outcome.silence = silence.longest(went_in(inbound), effects.came)
        outcome.silenced_by = silence.causes(outcome.silence, outcome.faults)
        outcome.parked = await parked(clients, inbound, kafka)
        outcome.wrong += await customers_file(clients["customers"], load, kafka)
        await judge_complaints(desk, kafka, outcome)
    outcome.wrong += stage.deaths()
    return outcome


async def settled(client: httpx.AsyncClient, count: int) -> list[dict[str, Any]]:
    """All notices, as soon as each has come to its end."""
    notices: list[dict[str, Any]] = []

    async def all_ended() -> bool:
        nonlocal notices
        notices = await register(client, "/v1/notices")
        return len(notices) >= count and all(notice["state"] in ENDS for notice in notices)

    with contextlib.suppress(TimeoutError):  # the checker says what is missing
        await until(all_ended, PATIENCE)
    return notices


def went_in(inbound: Sequence[Any]) -> dict[str, float]:
    """When the broker had the first of each event, by its name among the effects."""
    found: dict[str, float] = {}
    for record in inbound:
        told = dict(record.headers)
        kind, id = told.get("ce_type"), told.get("ce_id", b"")
        if kind == b"payment.received.v1":
            found.setdefault(f"P{id.decode(errors='replace')}", record.timestamp / 1000)
        elif kind == b"payment.overdue.v1":
            found.setdefault(f"R{id.decode().removesuffix('.r')}", record.timestamp / 1000)
    return found


async def parked(clients: dict[str, httpx.AsyncClient], inbound: Sequence[Any], kafka: str) -> Parked:
    rows = {name: await register(client, "/v1/parked") for name, client in clients.items()}
    others = [row for name, found in rows.items() if name != "customers" for row in found]
    return judge_parked(inbound, rows["customers"], others, await everything(kafka, "careloop.rejections"))


async def customers_file(client: httpx.AsyncClient, load: Load, kafka: str) -> list[str]:
    """Each customer was registered once, each order that shipped is in the mirror."""
    orders = {it["order_id"] for it in await register(client, "/v1/orders", state="shipped")}
    wrong = [f"the mirror has no shipped order O-{shipment}" for shipment in load.shipped if f"O-{shipment}" not in orders]
    told, seen = Counter[str](), set()
    for record in await everything(kafka, "careloop.customers"):
        headers = dict(record.headers)
        if headers["ce_type"] == b"customer.registered.v1" and headers["ce_id"] not in seen:
            seen.add(headers["ce_id"])
            told[record.key.decode()] += 1
    if len(told) != load.customers:
        wrong.append(f"of {load.customers} customers {len(told)} were registered")
    return wrong + [f"a customer was registered {count} times" for count in told.values() if count > 1]


async def judge_complaints(desk: Desk, kafka: str, outcome: Outcome) -> None:
    await desk.judge(kafka)
    outcome.complaints = Counter(desk.lives.values())
    outcome.wrong += desk.wrong
