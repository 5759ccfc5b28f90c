"""From a request to the chat and the mailbox, through the room, the job and the API, on a real database; the gateways are real servers that misbehave."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import uvicorn

from deploy.local.gateways import smtp, web
from deploy.local.leash import a_port
from deploy.local.mailbox import Mailbox, Trouble
from services.followup.actions import telling_staff
from services.followup.domain.clock import Watch
from services.followup.gateways import Gateway
from services.followup.gateways import mail as mail_gateway
from services.followup.gateways.chat import ChatRoom
from services.followup.gateways.chats import Address, Chat
from services.followup.gateways.mail import Mail
from services.followup.jobs.telling_staff import job
from shared.clocks import firing
from shared.health import Health
from shared.service import Job, Means
from tests.apis import Api
from tests.followup.conftest import TRADE, local
from tests.followup.saying import happened, said
from tests.followup.telling import TEN, asked, declared, doors, told
from tests.rooms import UNITS, World

CHAT = "headquarters.supervisor"


@dataclass
class Office:
    """The ways to staff, and the clock that the job asks."""

    mailbox: Mailbox
    gateways: dict[str, Gateway]
    followup: World
    means: Means
    jobs: list[Job] = field(default_factory=list)

    async def look(self, **ways: Any) -> None:
        """Until there is nothing to do."""
        it = job(TRADE, doors(**ways), self.gateways)
        while await it.run(self.means):
            pass

    async def at(self, moment: Any, **ways: Any) -> None:
        self.followup.clock[0] = moment
        await self.look(**ways)

    def heard(self, channel: str) -> list[tuple[str, str]]:
        return [(it.to, it.body) for it in self.mailbox.entries if it.channel == channel and it.answer < 300]

    def counted(self, **labels: str) -> float:
        found: float | None = self.means.metrics.registry.get_sample_value(
            "careloop_staff_notices_total", {"service": "followup", **labels}
        )
        return found or 0


@pytest.fixture
async def office(followup: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Office]:
    monkeypatch.setattr(telling_staff, "now", lambda: followup.clock[0])
    monkeypatch.setattr(mail_gateway, "PATIENCE", 0.5)
    followup.clock[0] = TEN
    mailbox, port = Mailbox(tmp_path / "requests.jsonl"), a_port()
    server = uvicorn.Server(uvicorn.Config(web(mailbox), host="127.0.0.1", port=port, access_log=False, log_level="error", lifespan="off"))
    serving = asyncio.create_task(server.serve())
    async with smtp(mailbox, 0) as smtp_port:
        mail = Mail(f"smtp://127.0.0.1:{smtp_port}", "care@example.com")
        room = ChatRoom(Address(chat=Chat(kind="generic", url="http://localhost"), url=f"http://127.0.0.1:{port}/chats/{CHAT}"))
        room.client.timeout = 0.5
        metrics = followup.room.metrics
        gateways = {"mail": Gateway("email", mail.send, metrics), f"chat:{CHAT}": Gateway("generic", room.send, metrics)}
        while not server.started:
            await asyncio.sleep(0.01)
        means = Means(None, UNITS, followup.room.gate.sources, metrics, Health("followup", "worker"), followup.engine, followup.pool)
        yield Office(mailbox, gateways, followup, means)
    server.should_exit = True
    await serving


async def notices(followup: World) -> dict[str, tuple[str, str | None]]:
    return {row["kind"]: (row["state"], row["reason"]) for row in await followup.rows("staff_notice", "kind, state, reason")}


async def test_a_request_reaches_the_chat_and_everybody_of_the_role(followup: World, office: Office) -> None:
    event = asked(urgent=True, milestone="plan")
    await followup.handle(declared("s-8", "supervisor"), declared("s-9", "supervisor"), declared("s-1", "specialist"), told(event))
    before = office.counted(kind="milestone_missed", channel="mail", state="sent")
    await office.look()
    assert office.heard("chat") == [(CHAT, "投诉已超时 · 处理方案 · /v1/complaints/1")]
    assert sorted(to for to, _ in office.heard("email")) == ["s-8@example.com", "s-9@example.com"]
    assert await notices(followup) == {"milestone_missed": ("sent", None)}
    assert office.counted(kind="milestone_missed", channel="mail", state="sent") == before + 2
    await followup.handle(told(event), told(event, by="complaints"))
    await office.at(TEN + timedelta(hours=1))
    assert len(office.mailbox.entries) == 3, "once, whatever is published again"


@pytest.mark.parametrize("by", ["complaints", "customers", "reception"])
async def test_every_service_is_heard(followup: World, office: Office, by: str) -> None:
    await followup.handle(told(asked(urgent=True), by=by))
    await office.look()
    assert len(office.heard("chat")) == 1


async def test_what_is_not_urgent_leaves_together_and_nothing_at_night(followup: World, office: Office) -> None:
    await followup.handle(declared("s-8", "supervisor"), *(told(asked("milestone_at_risk", f"complaint:{n}")) for n in range(3)))
    followup.clock[0] = local(10, 7)
    await followup.handle(told(asked("milestone_at_risk", "complaint:9"), at=local(10, 7)))
    await office.look()
    assert len(office.heard("chat")) == 1 and "3 件事" in office.heard("chat")[0][1], "what came at ten"
    assert {row["due_at"] for row in await followup.rows("staff_notice", "due_at", "state = 'held'")} == {local(10, 30)}
    await office.at(local(10, 30))
    assert len(office.heard("chat")) == 2
    followup.clock[0] = local(20)
    await followup.handle(told(asked("inquiry_overdue", "inquiry:1", urgent=True), at=local(20)))
    await office.look()
    assert (await notices(followup))["inquiry_overdue"] == ("held", "out of hours")
    await office.at(local(9) + timedelta(days=1))
    assert (await notices(followup))["inquiry_overdue"] == ("sent", None)


async def test_what_is_overtaken_while_it_waits_is_not_told(followup: World, office: Office) -> None:
    followup.clock[0] = local(10, 7)
    await followup.handle(told(asked("milestone_at_risk", milestone="plan"), at=local(10, 7)))
    await office.look()
    await followup.handle(told(asked("milestone_missed", milestone="plan", urgent=True), at=local(10, 9)))
    await office.at(local(10, 30))
    assert await notices(followup) == {"milestone_at_risk": ("skipped", "superseded"), "milestone_missed": ("sent", None)}
    assert len(office.heard("chat")) == 1


async def test_somebody_who_is_away_hears_when_they_are_back(followup: World, office: Office) -> None:
    absences = [{"from": "2026-01-05", "until": "2026-01-06"}]
    await followup.handle(declared("s-2", "specialist", absences=absences), told(asked("task_assigned", "task:1", to_staff="s-2")))
    await office.look()
    assert (await notices(followup))["task_assigned"] == ("held", "absent")
    await office.at(local(0) + timedelta(days=1))
    assert (await notices(followup))["task_assigned"] == ("held", "out of hours") and office.mailbox.entries == []
    await office.at(local(9) + timedelta(days=1))
    assert [to for to, _ in office.heard("email")] == ["s-2@example.com"]


async def test_nobody_there_is_counted_and_shown(followup: World, office: Office, api: Api) -> None:
    before = office.counted(kind="milestone_missed", channel="none", state="skipped")
    await followup.handle(told(asked(urgent=True)))
    await office.look(chats={})
    (row,) = (await api.get("/v1/staff-notices?state=skipped"))["items"]
    assert (row["reason"], row["deliveries"]) == ("nobody", [])
    assert office.counted(kind="milestone_missed", channel="none", state="skipped") == before + 1


async def test_the_register_shows_who_was_told_and_no_address(followup: World, office: Office, api: Api) -> None:
    await followup.handle(declared("s-2", "specialist"), told(asked("task_assigned", "task:1", to_staff="s-2", urgent=True)))
    await followup.handle(told(asked("milestone_missed", urgent=True)))
    await office.look()
    (row,) = (await api.get("/v1/staff-notices?to_staff=s-2&kind=task_assigned&unit=headquarters&about=task:1"))["items"]
    assert row["deliveries"] == [{"channel": "mail", "to": "s-2", "state": "sent"}] and row["sent_at"]
    assert await api.get(f"/v1/staff-notices/{row['id']}") == row
    everything = str(await api.get("/v1/staff-notices"))
    assert "example.com" not in everything and "http" not in everything
    await api.get("/v1/staff-notices/00000000-0000-7000-8000-000000000000", status=404)
    await api.get("/v1/staff-notices", role="privacy_officer", status=403)


@pytest.mark.parametrize("trouble", [Trouble(status=429), Trouble(status=503), Trouble(delay=1.0), Trouble(delay=1.0, keeps=True)])
async def test_a_chat_that_misbehaves_hears_it_in_the_end(followup: World, office: Office, trouble: Trouble) -> None:
    office.mailbox.mood = lambda channel, key, seen: trouble if channel == "chat" and seen < 1 else None
    await followup.handle(told(asked(urgent=True)))
    await office.look()
    assert (await notices(followup))["milestone_missed"][0] == "sending"
    await office.at(TEN + timedelta(minutes=5))
    assert (await notices(followup))["milestone_missed"] == ("sent", None)
    assert len({(it.key, it.body) for it in office.mailbox.entries}) == 1 and len(office.mailbox.entries) == 2


async def test_one_way_that_fails_keeps_no_other_back(followup: World, office: Office) -> None:
    office.mailbox.mood = lambda channel, key, seen: Trouble(status=400) if channel == "chat" else None
    await followup.handle(declared("s-8", "supervisor"), told(asked(urgent=True)))
    await office.look()
    (row,) = await followup.rows("staff_notice", "state, deliveries")
    assert (row["state"], sorted(it["state"] for it in row["deliveries"])) == ("sent", ["failed", "sent"])


async def test_a_sender_that_died_is_followed_by_another(followup: World, office: Office) -> None:
    """Killed after the gateway took it: the same message under the same key, and no third one."""
    await followup.handle(told(asked(urgent=True)))
    await telling_staff.gather(followup.engine, TRADE, doors())
    for _ in range(2):
        attempts, _, _ = await telling_staff.take(followup.engine, TRADE, doors())
        await telling_staff.make(attempts, office.gateways)  # and dies before it could say so
        await office.look()
        followup.clock[0] = (followup.clock[0] or TEN) + timedelta(seconds=61)
    assert len(office.mailbox.entries) == 2 and len({it.key for it in office.mailbox.entries}) == 1
    await office.look()
    assert (await notices(followup))["milestone_missed"] == ("failed", "no answer") and len(office.mailbox.entries) == 2


async def test_workers_side_by_side_tell_once(followup: World, office: Office) -> None:
    people = [declared(f"s-{n}", "specialist") for n in range(30)]
    await followup.handle(*people, *(told(asked("task_assigned", f"task:{n}", to_staff=f"s-{n}", urgent=True)) for n in range(30)))
    for _ in range(3):
        await asyncio.gather(*(office.look() for _ in range(3)))
    assert sorted(to for to, _ in office.heard("email")) == sorted(f"s-{n}@example.com" for n in range(30))
    assert {row["state"] for row in await followup.rows("staff_notice", "state")} == {"sent"}


async def test_a_chat_takes_so_many_in_a_minute_and_the_rest_waits(followup: World, office: Office) -> None:
    for n in range(3):
        await followup.handle(told(asked("milestone_missed", f"complaint:{n}", urgent=True)))
        await office.look(per_minute=2)
    assert len(office.heard("chat")) == 2
    await office.at(TEN + timedelta(minutes=2), per_minute=2)
    assert len(office.heard("chat")) == 3


async def test_whoever_left_before_it_was_sent_gets_no_mail(followup: World, office: Office) -> None:
    await followup.handle(declared("s-8", "supervisor"), told(asked(urgent=True)))
    await telling_staff.gather(followup.engine, TRADE, doors({}))
    await followup.handle(declared("s-8", "supervisor", active=False))
    await office.look(chats={})
    assert office.mailbox.entries == [] and (await notices(followup))["milestone_missed"] == ("failed", "no address")


async def test_a_call_that_nobody_made_is_a_supervisors_at_once(followup: World, office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    """FLUP-06: inside follow-up nothing travels, and the notice is there with the event."""
    monkeypatch.setattr("shared.clocks.firing.now", lambda: followup.clock[0])
    await followup.handle(said(happened("resolved")))
    followup.clock[0] = local(10) + timedelta(days=6)
    for _ in range(2):
        await firing.fire(Watch, TRADE, office.means)
    assert [name for name, _ in await followup.announced()].count("call.overdue.v1") == 1 and await followup.requested() == []
    await office.look()
    (row,) = await followup.rows("staff_notice")
    due = local(21) + timedelta(days=3)
    assert (row["kind"], row["to_role"], row["state"], row["owed_at"]) == ("call_overdue", "supervisor", "sent", due)
    assert "回访已超时" in office.heard("chat")[0][1]


async def test_whoever_is_given_a_call_hears_of_it(followup: World, office: Office, api: Api) -> None:
    await followup.handle(said(happened("resolved")), declared("s-2", "specialist"))
    (call,) = (await api.get("/v1/calls"))["items"]
    for _ in range(2):
        answer = await api.ask("POST", f"/v1/calls/{call['id']}/assignment", {"staff_id": "s-2"}, role="supervisor", Idempotency_Key="a")
        assert answer.status_code == 200, answer.text
    await office.at(local(10, 30))
    assert [to for to, _ in office.heard("email")] == ["s-2@example.com"] and "有回访指派给您" in office.heard("email")[0][1]
