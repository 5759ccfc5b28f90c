"""The gateways hold to their contract, keep every request, and misbehave on demand."""

import asyncio
import json
from email.message import EmailMessage
from pathlib import Path

import aiosmtplib
import httpx
import pytest

from deploy.local.gateways import ZONE, smtp, web
from deploy.local.mailbox import Mailbox, Trouble
from deploy.local.mailbox_page import masked, page
from deploy.local.waiting import Waiting


@pytest.fixture
def mailbox(tmp_path: Path) -> Mailbox:
    return Mailbox(tmp_path / "mailbox" / "requests.jsonl")


def client(mailbox: Mailbox) -> httpx.AsyncClient:
    return httpx.AsyncClient(transport=httpx.ASGITransport(web(mailbox)), base_url="http://mailbox")


async def send(client: httpx.AsyncClient, key: str, text: str) -> httpx.Response:
    return await client.post("/messages", json={"to": "+8613800000000", "text": text}, headers={"Idempotency-Key": key})


async def test_the_same_key_sends_once_and_another_body_under_it_is_refused(mailbox: Mailbox) -> None:
    async with client(mailbox) as gateway:
        first, again, other = (
            await send(gateway, "n-1", "您的货物已发出"),
            await send(gateway, "n-1", "您的货物已发出"),
            await send(gateway, "n-1", "x"),
        )
        listed = (await gateway.get("/messages.json")).json()["items"]
        later = (await gateway.get("/messages.json", params={"since": "2"})).json()["items"]
    assert [first.status_code, again.status_code, other.status_code] == [202, 200, 409]
    assert first.json() == again.json() == {"id": "sms-1", "status": "accepted"}
    assert [(item["key"], item["repeat"], item["answer"]) for item in listed] == [
        ("n-1", False, 202),
        ("n-1", True, 200),
        ("n-1", True, 409),
    ]
    assert [item["position"] for item in later] == [3]


@pytest.mark.parametrize("body", [b"{", b"[]", b'{"to": "+86"}'])
async def test_what_is_no_message_is_refused_for_good(mailbox: Mailbox, body: bytes) -> None:
    async with client(mailbox) as gateway:
        assert (await gateway.post("/messages", content=body, headers={"Idempotency-Key": "n"})).status_code == 400
        assert (await gateway.post("/messages", json={"to": "+86", "text": "x"})).status_code == 422
    assert not mailbox.entries


async def test_mail_is_kept_under_its_message_id(mailbox: Mailbox) -> None:
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"], mail["Message-ID"] = "care@example.com", "li@example.com", "发货通知", "<n-2@careloop>"
    mail.set_content("您的订单已发出。\n")
    async with smtp(mailbox, 0) as port:
        for _ in range(2):
            await aiosmtplib.send(mail, hostname="127.0.0.1", port=port, start_tls=False)
    assert [(entry.key, entry.to, entry.subject, entry.body, entry.repeat) for entry in mailbox.entries] == [
        ("<n-2@careloop>", "li@example.com", "发货通知", "您的订单已发出。", False),
        ("<n-2@careloop>", "li@example.com", "发货通知", "您的订单已发出。", True),
    ]


async def test_it_can_fail_for_now_and_it_can_accept_without_saying_so(tmp_path: Path) -> None:
    moods = [Trouble(status=503), Trouble(status=504, keeps=True), None]
    mailbox = Mailbox(tmp_path / "requests.jsonl", lambda channel, key, seen: moods[seen])
    async with client(mailbox) as gateway:
        answers = [(await send(gateway, "n-3", "x")).status_code for _ in moods]
    assert answers == [503, 504, 200]
    assert [entry.answer for entry in mailbox.entries] == [503, 202, 200]


async def test_a_slow_gateway_keeps_first_and_answers_late(tmp_path: Path) -> None:
    mailbox = Mailbox(tmp_path / "requests.jsonl", lambda channel, key, seen: Trouble(delay=30))
    async with client(mailbox) as gateway:
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(send(gateway, "n-4", "x"), 0.1)
    assert [entry.key for entry in mailbox.entries] == ["n-4"]


async def test_a_new_start_knows_what_it_has_even_after_a_kill_in_the_middle_of_a_line(mailbox: Mailbox) -> None:
    await mailbox.sms("n-5", "+8613800000000", "x")
    mailbox.stream.write('{"position": 2, "at"')
    mailbox.stream.close()
    again = Mailbox(mailbox.file)
    assert await again.sms("n-5", "+8613800000000", "x") == (200, {"id": "sms-1", "status": "accepted"})
    assert [json.loads(line)["position"] for line in mailbox.file.read_text().splitlines()] == [1, 2]


async def test_the_page_shows_what_came_and_why_the_rest_waits(mailbox: Mailbox) -> None:
    await mailbox.sms("n-6", "+8613812345678", "<b>单号 SF-1</b>")
    held = {"kind": "shipped", "order_id": "PO-1", "state": "held", "reason": "quiet_hours", "due_at": "2026-11-24T00:00:00+00:00"}
    nowhere = held | {"order_id": "PO-2", "state": "awaiting_contact", "reason": "no contact yet"}
    shown = page(mailbox.entries, Waiting([held, nowhere], None), ZONE)
    assert "&lt;b&gt;单号 SF-1" in shown and "quiet hours" in shown and "2026-11-24 08:00:00" in shown
    assert "one is declared" in shown
    assert "13812345678" not in shown
    assert "does not answer" in page([], Waiting([], "Follow-up does not answer at the moment."), ZONE)


def test_masking_leaves_enough_to_recognise() -> None:
    assert (masked("li.lei@example.com"), masked("+8613812345678")) == ("l…@example.com", "+86138…78")


async def test_a_chat_of_staff_is_kept_and_shown(mailbox: Mailbox) -> None:
    async with client(mailbox) as gateway:
        told = {"id": "n-3", "subject": "投诉已超时", "text": "投诉已超时 · /v1/complaints/1"}
        answers = [await gateway.post("/chats/headquarters", json=told, headers={"Idempotency-Key": "n-3"}) for _ in range(2)]
        assert (await gateway.post("/chats/headquarters", content=b"[]")).status_code == 400
    assert [it.status_code for it in answers] == [200, 200]
    assert [(it.channel, it.key, it.to, it.repeat) for it in mailbox.entries] == [
        ("chat", "n-3", "headquarters", False),
        ("chat", "n-3", "headquarters", True),
    ]
    shown = page(mailbox.entries, Waiting([], None), ZONE)
    assert "Delivered (1)" in shown and "to headquarters" in shown and "投诉已超时 · /v1/complaints/1" in shown
