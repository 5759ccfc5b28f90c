"""From an event to the gateway, through the room and the jobs, on a real database; the gateways are real servers that misbehave on demand."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import uvicorn

from deploy.local.gateways import smtp, web
from deploy.local.leash import a_port
from deploy.local.mailbox import Mailbox, Trouble
from services.followup.actions import reaching, telling
from services.followup.gateways import Gateway
from services.followup.gateways import mail as mail_gateway
from services.followup.gateways import sms as sms_gateway
from services.followup.gateways.mail import Mail
from services.followup.gateways.sms import Sms
from services.followup.jobs import arrivals
from shared.contracts.contacts import ContactChanged, KnownAs, Standing
from shared.health import Health
from shared.ids import customer_of, uuid7
from shared.service import Means
from tests.apis import Api
from tests.followup.conftest import NOON, TRADE
from tests.makers import Record, delivered, record, shipped
from tests.rooms import UNITS, World


@dataclass
class Post:
    """Gateways, and the clock that the jobs ask."""

    mailbox: Mailbox
    gateways: dict[str, Gateway]
    followup: World

    async def round(self) -> None:
        """One look at what is due."""
        attempts, _ = await telling.take(self.followup.engine, TRADE)
        if attempts:
            await telling.keep_results(self.followup.engine, await telling.make(attempts, self.gateways))

    async def rounds(self, number: int, *, apart: timedelta = timedelta(minutes=2)) -> None:
        for _ in range(number):
            await self.round()
            self.followup.clock[0] = (self.followup.clock[0] or NOON) + apart

    def sent(self) -> list[tuple[str, str]]:
        return [(entry.channel, entry.key) for entry in self.mailbox.entries]


@pytest.fixture
async def post(followup: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Post]:
    for module in (telling, reaching, arrivals):
        monkeypatch.setattr(module, "now", lambda: followup.clock[0])
    monkeypatch.setattr(mail_gateway, "PATIENCE", 0.5)
    mailbox, port = Mailbox(tmp_path / "requests.jsonl"), a_port()
    server = uvicorn.Server(uvicorn.Config(web(mailbox), host="127.0.0.1", port=port, access_log=False, log_level="error", lifespan="off"))
    serving = asyncio.create_task(server.serve())
    async with smtp(mailbox, 0) as smtp_port:
        mail, sms = Mail(f"smtp://127.0.0.1:{smtp_port}", "care@example.com"), Sms(f"http://127.0.0.1:{port}/messages")
        sms.client.timeout = sms_gateway.httpx.Timeout(0.5)
        metrics = followup.room.metrics
        gateways = {"email": Gateway("email", mail.send, metrics), "sms": Gateway("sms", sms.send, metrics)}
        while not server.started:
            await asyncio.sleep(0.01)
        yield Post(mailbox, gateways, followup)
    server.should_exit = True
    await serving


def contact(
    reference: str = "erp/C-1", *, revision: int = 1, offset: int | None = None, customer: str | None = None, **facts: Any
) -> Record:
    told = ContactChanged(
        customer_id=customer_of(customer or reference), standing=Standing.DECLARED, references=[KnownAs(reference=reference, revision=revision)],
        **({"unit": "headquarters", "emails": ["c1@example.com"]} | facts),
    )  # fmt: skip
    return record(told.name, told.model_dump(mode="json"), source="/careloop/customers", id=str(uuid7()), key=told.key, offset=offset)


def at(hours: float = 0) -> str:
    return (NOON + timedelta(hours=hours)).isoformat()


async def states(followup: World) -> dict[str, str]:
    return {row["kind"]: row["state"] for row in await followup.rows("notice", "kind, state")}


async def test_a_notice_waits_for_its_contact_and_goes_on_when_it_arrives(followup: World, post: Post) -> None:
    await followup.handle(record("order.shipped.v1", shipped(shipped_at=at(-1))))
    assert await states(followup) == {"shipped": "awaiting_contact"}
    await followup.handle(contact())
    assert await reaching.go_on(followup.engine)
    assert not await reaching.go_on(followup.engine)
    await post.round()
    assert await states(followup) == {"shipped": "sent"}
    (entry,) = post.mailbox.entries
    assert "已发货" in entry.subject and "SF Express" in entry.body


async def test_what_is_announced_of_a_notice_carries_along_what_it_came_of(followup: World, post: Post) -> None:
    await followup.handle(contact(), record("order.shipped.v1", shipped(shipped_at=at(-1)), id="shipped-1"))
    await post.round()
    told = await followup.rows("outbox", "type, correlation", "true ORDER BY position")
    assert [(row["type"], row["correlation"]) for row in told] == [("notice.planned.v1", "shipped-1"), ("notice.sent.v1", "shipped-1")]


async def test_words_are_english_for_those_who_read_english(followup: World, post: Post) -> None:
    await followup.handle(contact(language="en-GB"), record("order.shipped.v1", shipped(shipped_at=at(-1), tracking_number="SF1")))
    await post.round()
    assert post.mailbox.entries[0].subject == "Order O-1 has shipped" and "Tracking number: SF1." in post.mailbox.entries[0].body


async def test_a_delay_that_overtakes_a_queued_notice_is_one_message_with_the_new_date(followup: World, post: Post) -> None:
    """ORDR-07"""
    await followup.handle(contact(), record("order.shipped.v1", shipped(shipped_at=at(-2), expected_arrival_until="2026-01-20")))
    delay = {"detected_at": at(-1), "reason": "weather", "expected_arrival_until": "2026-01-22"}
    await followup.handle(record("shipment.delayed.v1", shipped() | delay))
    await post.rounds(2)
    assert await states(followup) == {"shipped": "superseded", "delayed": "sent"}
    assert [("2026年01月22日" in entry.body) for entry in post.mailbox.entries] == [True]


async def test_a_delivery_calls_off_what_waits(followup: World, post: Post) -> None:
    await followup.handle(
        contact(), record("order.shipped.v1", shipped(shipped_at=at(-2))), record("order.delivered.v1", delivered(delivered_at=at(-1)))
    )
    await post.rounds(2)
    assert await states(followup) == {"shipped": "called_off"} and not post.mailbox.entries


async def test_old_news_is_registered_and_nobody_is_messaged(followup: World, post: Post) -> None:
    await followup.handle(contact(), record("order.shipped.v1", shipped(shipped_at=at(-73))))
    await post.rounds(2)
    assert [(row["state"], row["reason"]) for row in await followup.rows("notice")] == [("skipped", "too old")]
    assert not post.mailbox.entries


async def test_short_messages_wait_for_the_morning_and_say_so(followup: World, post: Post) -> None:
    """FLUP-03"""
    followup.clock[0] = NOON + timedelta(hours=10)
    await followup.handle(contact(emails=[], phones=["+8613800138000"]), record("order.shipped.v1", shipped(shipped_at=at(9))))
    await post.round()
    (row,) = await followup.rows("notice")
    assert (row["state"], row["reason"], row["due_at"]) == ("held", "quiet hours", NOON + timedelta(hours=20))
    followup.clock[0] = NOON + timedelta(hours=20)
    await post.round()
    assert post.sent() == [("sms", str(row["id"]))]


@pytest.mark.parametrize(
    "trouble",
    [Trouble(status=500), Trouble(status=503, keeps=True), Trouble(delay=1.0), Trouble(delay=1.0, keeps=True), Trouble(status=429)],
)
async def test_a_short_message_is_sent_once_however_the_gateway_misbehaves(followup: World, post: Post, trouble: Trouble) -> None:
    post.mailbox.mood = lambda channel, key, seen: trouble if seen < 2 else None
    await followup.handle(contact(emails=[], phones=["+8613800138000"]), record("order.shipped.v1", shipped(shipped_at=at(-1))))
    await post.rounds(4)
    (row,) = await followup.rows("notice")
    assert row["state"] == "sent"
    assert {entry.key for entry in post.mailbox.entries} == {str(row["id"])}
    assert len({(entry.to, entry.body) for entry in post.mailbox.entries}) == 1


@pytest.mark.parametrize(("trouble", "times"), [(Trouble(status=451), 4), (Trouble(delay=1.0, keeps=True), 2), (Trouble(status=554), 1)])
async def test_a_mail_that_may_have_arrived_is_repeated_once_at_most(followup: World, post: Post, trouble: Trouble, times: int) -> None:
    post.mailbox.mood = lambda channel, key, seen: trouble
    await followup.handle(contact(), record("order.shipped.v1", shipped(shipped_at=at(-1))))
    await post.rounds(4)
    (row,) = await followup.rows("notice")
    assert len(post.mailbox.entries) == times
    assert len({entry.key for entry in post.mailbox.entries}) == 1 and str(row["id"]) in post.mailbox.entries[0].key
    assert row["state"] == ("planned" if times == 4 else "failed")


async def test_a_gateway_that_is_not_there_is_waited_for(followup: World, post: Post) -> None:
    post.gateways["email"] = Gateway("email", Mail(f"smtp://127.0.0.1:{a_port()}", "care@example.com").send, followup.room.metrics)
    await followup.handle(contact(), record("order.shipped.v1", shipped(shipped_at=at(-1))))
    await post.rounds(3)
    (row,) = await followup.rows("notice")
    assert (row["state"], row["reason"]) == ("planned", "the mail server can't be reached")


async def test_a_sender_that_died_is_followed_by_another_under_the_same_key(followup: World, post: Post) -> None:
    await followup.handle(contact(emails=[], phones=["+8613800138000"]), record("order.shipped.v1", shipped(shipped_at=at(-1))))
    attempts, _ = await telling.take(followup.engine, TRADE)
    await telling.make(attempts, post.gateways)  # and dies before it could say so
    await post.round()
    assert len(post.mailbox.entries) == 1
    followup.clock[0] = NOON + timedelta(seconds=61)
    await post.round()
    assert len(post.mailbox.entries) == 2 and len({entry.key for entry in post.mailbox.entries}) == 1
    assert await states(followup) == {"shipped": "sent"}


async def test_two_senders_take_different_notices(followup: World, post: Post) -> None:
    await followup.handle(contact(), *(record("order.shipped.v1", shipped(f"S-{n}", shipped_at=at(-1))) for n in range(40)))
    for _ in range(2):
        await asyncio.gather(post.round(), post.round(), post.round())
    assert len(post.mailbox.entries) == len(set(post.sent())) == 40


async def test_a_passed_arrival_is_noticed_by_the_clock(followup: World, post: Post) -> None:
    """ORDR-07"""
    until = NOON + timedelta(minutes=30)
    await followup.handle(contact(), record("order.shipped.v1", shipped(shipped_at=at(-1), expected_arrival_until=until.isoformat())))
    await post.round()
    means = Means(
        None, UNITS, followup.room.gate.sources, followup.room.metrics, Health("followup", "worker"), followup.engine, followup.pool
    )
    look = arrivals.job(TRADE).run
    assert not await look(means) and await states(followup) == {"shipped": "sent"}
    followup.clock[0] = until + timedelta(minutes=1)
    await asyncio.gather(look(means), look(means))
    await post.round()
    assert await states(followup) == {"shipped": "sent", "delayed": "sent"}
    event = {"detected_at": (until + timedelta(minutes=1)).isoformat(), "reason": "traffic", "expected_arrival_until": None}
    await followup.handle(record("shipment.delayed.v1", shipped() | event))
    assert len(await followup.rows("notice")) == 2


async def test_an_expected_arrival_is_explained(api: Api, followup: World) -> None:
    """ORDR-07, D-31: a date ends at 24:00 where the unit is; a moment is itself; what is delivered is met."""
    day, moment = f"{NOON:%Y-%m-%d}", (NOON + timedelta(hours=2)).isoformat()
    await followup.handle(
        record("order.shipped.v1", shipped("S-1", shipped_at=at(-2), expected_arrival_until=day)),
        record("order.shipped.v1", shipped("S-2", shipped_at=at(-2), expected_arrival_until=moment)),
        record("order.delivered.v1", delivered("S-2", delivered_at=at(-1))),
    )
    notice = (await api.get("/v1/notices"))["items"][0]
    items = {it["shipment_id"]: it for it in (await api.get(f"/v1/notices/{notice['id']}/deadlines"))["items"]}
    assert (items["S-1"]["state"], items["S-1"]["due_at"]) == ("running", f"{day}T16:00:00Z")
    assert f"the time ends on {day} 24:00 (Asia/Shanghai)" in items["S-1"]["why"]["en"] and "期限" in items["S-1"]["why"]["zh"]
    assert items["S-2"]["state"] == "met"


async def test_a_redirected_customer_takes_notices_along_in_either_order(followup: World, post: Post) -> None:
    for first, second in ((0, 1), (1, 0)):
        await followup.empty()
        await followup.handle(record("order.shipped.v1", shipped(shipped_at=at(-1))))
        released = ContactChanged(
            customer_id=customer_of("erp/C-1"),
            standing=Standing.REDIRECTED,
            redirected_to=customer_of("crm/7"),
            references=[],
            unit="headquarters",
        )
        records = [
            record(released.name, released.model_dump(mode="json"), source="/careloop/customers", id=str(uuid7()), key=released.key),
            contact(revision=2, customer="crm/7"),
        ]
        await followup.handle(records[first])
        await followup.handle(records[second])
        while await reaching.go_on(followup.engine):
            pass
        (row,) = await followup.rows("notice")
        assert (row["state"], row["customer_id"]) == ("planned", customer_of("crm/7"))


async def test_an_older_record_of_a_contact_does_not_overwrite_a_newer(followup: World, post: Post) -> None:
    await followup.handle(contact(offset=7, emails=["new@example.com"]))
    await followup.handle(contact(offset=3, emails=["old@example.com"]))
    assert [row["emails"] for row in await followup.rows("contact")] == [["new@example.com"]]


async def test_an_erased_customer_can_not_be_reached(followup: World, post: Post) -> None:
    await followup.handle(contact(), record("order.shipped.v1", shipped(shipped_at=at(-1))))
    tombstone = Record("careloop.contacts", 0, 10**6, 0, str(customer_of("erp/C-1")).encode(), None, ())
    await followup.handle(tombstone)
    await post.rounds(2)
    assert await states(followup) == {"shipped": "skipped"} and not post.mailbox.entries


async def test_a_slow_mail_server_is_waited_for_and_nobody_gives_up_in_the_queue(
    followup: World, post: Post, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("services.followup.gateways.LONGEST_ANSWER", 0.45)
    post.mailbox.mood = lambda channel, key, seen: Trouble(delay=0.3)
    await followup.handle(contact(), *(record("order.shipped.v1", shipped(f"S-{n}", shipped_at=at(-1))) for n in range(16)))
    await post.round()
    assert {row["state"] for row in await followup.rows("notice")} == {"sent"} and len(post.mailbox.entries) == 16


@pytest.mark.parametrize("status", [503, 401])
async def test_a_gateway_in_trouble_for_hours_loses_no_short_message(followup: World, post: Post, status: int) -> None:
    post.mailbox.mood = lambda channel, key, seen: Trouble(status=status) if seen < 14 else None
    await followup.handle(contact(emails=[], phones=["+8613800138000"]), record("order.shipped.v1", shipped(shipped_at=at(-1))))
    for _ in range(15):
        post.gateways["sms"].open_until = 0
        await post.rounds(1)
    assert await states(followup) == {"shipped": "sent"} and len({entry.key for entry in post.mailbox.entries}) == 1


async def test_a_held_notice_leaves_when_another_channel_is_declared(followup: World, post: Post) -> None:
    followup.clock[0] = NOON + timedelta(hours=10)
    await followup.handle(contact(emails=[], phones=["+8613800138000"]), record("order.shipped.v1", shipped(shipped_at=at(9))))
    await post.round()
    assert await states(followup) == {"shipped": "held"}
    await followup.handle(contact(preferred_channel="email"))
    while await reaching.go_on(followup.engine):
        pass
    await post.round()
    assert await states(followup) == {"shipped": "sent"} and post.mailbox.entries[0].channel == "email"


ODD_ADDRESSES = "陈静@例子.中国", "Ünï@example.com", "a@ünï.de", "a@[1.2.3.4", "a\x7f@example.com", "a@b\u2028c", "a.@b.c", "(a)@b.c"
ODD_ORDERS = "PO\n1", "PO\r1", "PO\x0b1", "PO\x851", "PO\u20281", "x" * 64


async def test_an_odd_address_or_number_of_an_order_keeps_nobody_else_from_hearing(followup: World, post: Post) -> None:
    """What contracts accept makes no gateway stumble: an odd address has no mail, and everybody else has one."""
    for n, address in enumerate(ODD_ADDRESSES):
        await followup.handle(
            contact(f"erp/odd-{n}", emails=[address]),
            record("order.shipped.v1", shipped(f"odd-{n}", f"odd-{n}", f"erp/odd-{n}", shipped_at=at(-1))),
        )
    await followup.handle(
        contact(), *(record("order.shipped.v1", shipped(f"S-{n}", order, shipped_at=at(-1))) for n, order in enumerate(ODD_ORDERS))
    )
    await post.rounds(4)
    told = {row["order_id"]: (row["state"], row["reason"]) for row in await followup.rows("notice", "order_id, state, reason")}
    assert [told[order][0] for order in ODD_ORDERS] == ["sent"] * len(ODD_ORDERS)
    assert {told[f"odd-{n}"][0] for n in range(len(ODD_ADDRESSES))} <= {"failed", "sent"} and told["odd-0"] == (
        "failed",
        "the address can't be written in a mail",
    )
    assert len(post.sent()) == len(set(post.sent())) == sum(state == "sent" for state, _ in told.values()), "each once"


async def test_a_zone_that_is_a_folder_keeps_nobody_else_from_hearing(followup: World, post: Post) -> None:
    """`America` is no zone, and no file either."""
    for n, zone in enumerate(("America", "Etc", "Mars/Phobos", "../../etc/passwd")):
        await followup.handle(
            contact(f"erp/{n}", emails=[], phones=["+8613800138999"], time_zone=zone),
            record("order.shipped.v1", shipped(f"S-{n}", f"O-{n}", f"erp/{n}", shipped_at=at(-1))),
        )
    await post.rounds(2)
    assert {row["state"] for row in await followup.rows("notice")} == {"sent"}


async def test_a_notice_that_we_stumble_over_is_shown_as_failed(followup: World, post: Post, monkeypatch: pytest.MonkeyPatch) -> None:
    stumbled = telling.prepare

    def prepare(notice: Any, *rest: Any, **more: Any) -> Any:
        if notice.order_id == "BUG":
            raise KeyError("bug")
        return stumbled(notice, *rest, **more)

    monkeypatch.setattr(telling, "prepare", prepare)
    await followup.handle(contact(), *(record("order.shipped.v1", shipped(order, order, shipped_at=at(-1))) for order in ("BUG", "O-2")))
    await post.rounds(2)
    assert {row["order_id"]: (row["state"], row["reason"]) for row in await followup.rows("notice")} == {
        "BUG": ("failed", "a fault of ours (KeyError)"), "O-2": ("sent", None),
    }  # fmt: skip
