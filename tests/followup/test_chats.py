"""Every chat system by a real server that checks what it is sent, signatures too, and answers as the real ones do; and the file that names the chats."""

import asyncio
import base64
import hashlib
import hmac
import json
import logging
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from deploy.local.leash import a_port
from services.followup.domain.sending import Answer, Result
from services.followup.gateways import chat as gateway
from services.followup.gateways import chats
from services.followup.gateways.chat import ChatRoom
from services.followup.gateways.chats import KINDS, Address, Chat, NoChat
from shared.clock import now

ID = UUID(int=7)
SECRET = "SEC-not-to-be-told"
FINE: dict[str, Response] = {
    "wecom": JSONResponse({"errcode": 0, "errmsg": "ok"}),
    "dingtalk": JSONResponse({"errcode": 0, "errmsg": "ok"}),
    "feishu": JSONResponse({"code": 0, "msg": "success", "data": {}, "StatusCode": 0, "StatusMessage": "success"}),
    "slack": PlainTextResponse("ok"),
    "teams": Response(status_code=202),
    "generic": Response(status_code=204),
}


@dataclass(frozen=True)
class Letter:
    id: UUID = ID
    written_at: datetime = datetime(2026, 1, 6, 2, tzinfo=UTC)
    to: str = "headquarters"
    subject: str = "投诉已超时"
    text: str = "投诉已超时 · <b>&\n第二行"


@dataclass
class Receiver:
    """What came, and what is answered."""

    port: int
    answer: Response | None = None
    delay: float = 0
    came: list[tuple[Any, Any, bytes]] = field(default_factory=list)

    def room(self, kind: str, *, signed: bool = False, path: str = "/hook?access_token=t", port: int | None = None) -> ChatRoom:
        url = f"http://127.0.0.1:{port or self.port}{path}"
        room = ChatRoom(Address(chat=Chat(kind=kind, url="http://localhost"), url=url, secret=SECRET if signed else None))  # type: ignore[arg-type]
        room.client.timeout = 0.3
        return room

    async def take(self, request: Request) -> Response:
        self.came.append((dict(request.query_params), dict(request.headers), await request.body()))
        await asyncio.sleep(self.delay)
        return self.answer or FINE["generic"]

    @property
    def body(self) -> Any:
        return json.loads(self.came[-1][2])


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    it = Receiver(a_port())
    app = Starlette(routes=[Route("/hook", it.take, methods=["POST"]), Route("/elsewhere", it.take, methods=["GET", "POST"])])
    server = uvicorn.Server(uvicorn.Config(app, host="127.0.0.1", port=it.port, access_log=False, log_level="error", lifespan="off"))
    serving = asyncio.create_task(server.serve())
    while not server.started:
        await asyncio.sleep(0.01)
    yield it
    server.should_exit = True
    await serving


@pytest.mark.parametrize("kind", KINDS)
async def test_what_each_takes_is_sent_and_taken(receiver: Receiver, kind: str) -> None:
    receiver.answer = FINE[kind]
    assert await receiver.room(kind).send(Letter()) == Result(Answer.TAKEN)
    text = Letter.text
    expected = {
        "wecom": {"msgtype": "text", "text": {"content": text}},
        "dingtalk": {"msgtype": "text", "text": {"content": text}},
        "feishu": {"msg_type": "text", "content": {"text": text}},
        "slack": {"text": "投诉已超时 · &lt;b&gt;&amp;\n第二行"},
        "generic": {"id": str(Letter.id), "subject": Letter.subject, "text": text, "written_at": "2026-01-06T02:00:00+00:00"},
    }
    if kind == "teams":
        (card,) = receiver.body["attachments"]
        assert receiver.body["type"] == "message" and card["contentType"] == "application/vnd.microsoft.card.adaptive"
        assert [it["text"] for it in card["content"]["body"]] == text.split("\n") and card["content"]["type"] == "AdaptiveCard"
    else:
        assert receiver.body == expected[kind]
    query, headers, _ = receiver.came[-1]
    assert query == {"access_token": "t"} and headers["content-type"].startswith("application/json")


def signature(key: bytes, message: bytes) -> str:
    return base64.b64encode(hmac.new(key, message, hashlib.sha256).digest()).decode()


async def test_signed_as_each_wants_it(receiver: Receiver) -> None:
    receiver.answer = FINE["dingtalk"]
    await receiver.room("dingtalk", signed=True).send(Letter())
    query = receiver.came[-1][0]
    assert query["access_token"] == "t" and abs(int(query["timestamp"]) / 1000 - now().timestamp()) < 60
    assert query["sign"] == signature(SECRET.encode(), f"{query['timestamp']}\n{SECRET}".encode())

    receiver.answer = FINE["feishu"]
    await receiver.room("feishu", signed=True).send(Letter())
    moment = receiver.body["timestamp"]
    assert abs(int(moment) - now().timestamp()) < 60 and receiver.body["sign"] == signature(f"{moment}\n{SECRET}".encode(), b"")

    receiver.answer = FINE["generic"]
    await receiver.room("generic", signed=True).send(Letter())
    _, headers, body = receiver.came[-1]
    expected = hmac.new(SECRET.encode(), f"{headers['careloop-timestamp']}.".encode() + body, hashlib.sha256).hexdigest()
    assert headers["careloop-signature"] == f"sha256={expected}" and headers["idempotency-key"] == str(Letter.id)
    assert SECRET.encode() not in b"".join(body for _, _, body in receiver.came)


TOO_FAST, SHUT = "the chat asks to slow down", "the chat does not let us in"


@pytest.mark.parametrize(
    ("kind", "answer", "means", "reason"),
    [
        ("wecom", JSONResponse({"errcode": 45009, "errmsg": "api freq out of limit"}), Answer.BUSY, TOO_FAST),
        ("wecom", JSONResponse({"errcode": 93000, "errmsg": "invalid webhook url"}), Answer.BUSY, SHUT),
        ("wecom", JSONResponse({"errcode": -1, "errmsg": "system busy"}), Answer.BUSY, "the chat is busy"),
        ("wecom", JSONResponse({"errcode": 40058, "errmsg": "text exceed max length"}), Answer.REFUSED, "the chat refused it (40058)"),
        ("wecom", PlainTextResponse("<html>"), Answer.UNSURE, "the chat did not say whether it took it"),
        ("dingtalk", JSONResponse({"errcode": 130101, "errmsg": "send too fast, exceed 20 times per minute"}), Answer.BUSY, TOO_FAST),
        ("dingtalk", JSONResponse({"errcode": 310000, "errmsg": "sign not match"}), Answer.BUSY, SHUT),
        ("dingtalk", JSONResponse({"errcode": 400105, "errmsg": "unsupported msgtype"}), Answer.REFUSED, "the chat refused it (400105)"),
        ("feishu", JSONResponse({"StatusCode": 0, "code": 9499, "msg": "too many request"}), Answer.BUSY, TOO_FAST),
        ("feishu", JSONResponse({"code": 9499, "msg": "too many request"}, 400), Answer.BUSY, TOO_FAST),
        ("feishu", JSONResponse({"code": 9499, "msg": "Bad Request"}), Answer.REFUSED, "the chat refused it (9499)"),
        ("feishu", JSONResponse({"code": 19021, "msg": "sign match fail or timestamp is not within one hour"}), Answer.BUSY, SHUT),
        ("slack", PlainTextResponse("invalid_payload", 400), Answer.REFUSED, "the chat refused it (400)"),
        ("slack", PlainTextResponse("channel_is_archived", 410), Answer.BUSY, SHUT),
        ("teams", PlainTextResponse("Microsoft Teams endpoint returned HTTP error 429 with ContextId tcid=0"), Answer.BUSY, TOO_FAST),
        ("teams", Response(status_code=413), Answer.REFUSED, "the chat refused it (413)"),
        ("generic", Response(status_code=500), Answer.UNSURE, "the chat failed (500)"),
        ("generic", Response(status_code=503), Answer.BUSY, "the chat is not there for now (503)"),
        ("wecom", Response(status_code=503), Answer.BUSY, "the chat is not there for now (503)"),
        ("generic", Response(status_code=422), Answer.REFUSED, "the chat refused it (422)"),
        ("generic", Response(status_code=401), Answer.BUSY, SHUT),
    ],
)  # fmt: skip
async def test_what_each_answer_means(receiver: Receiver, kind: str, answer: Response, means: Answer, reason: str) -> None:
    receiver.answer = answer
    result = await receiver.room(kind).send(Letter())
    assert result.answer is means and (result.reason or "").startswith(reason)
    assert result.wait == {SHUT: gateway.MENDING, TOO_FAST: gateway.BANNED if kind == "dingtalk" else None}.get(reason)


@pytest.mark.parametrize(("told", "wait"), [("30", 30), ("99999", 3600), ("Wed, 21 Oct 2026 07:28:00 GMT", None), ("-1", None)])
async def test_whoever_says_when_is_asked_then(receiver: Receiver, told: str, wait: int | None) -> None:
    receiver.answer = PlainTextResponse("", 429, headers={"Retry-After": told})
    result = await receiver.room("slack").send(Letter())
    assert result.answer is Answer.BUSY and result.wait == (None if wait is None else timedelta(seconds=wait))


async def test_a_redirect_leads_nowhere(receiver: Receiver) -> None:
    receiver.answer = Response(status_code=307, headers={"Location": f"http://127.0.0.1:{receiver.port}/elsewhere"})
    result = await receiver.room("slack").send(Letter())
    assert (result.answer, result.reason, len(receiver.came)) == (Answer.BUSY, "the chat does not let us in (307)", 1)


async def test_whoever_is_silent_may_have_taken_it_and_whoever_is_not_there_has_not(receiver: Receiver) -> None:
    assert (await receiver.room("slack", port=a_port()).send(Letter())).answer is Answer.BUSY
    receiver.delay = 1.0
    assert (await receiver.room("slack").send(Letter())).answer is Answer.UNSURE


# -- the file

UNITS = {"headquarters", "north.east"}
WRITTEN = '[chats."headquarters.supervisor"]\nkind = "wecom"\nurl_secret = "chat_hq"\n'


def written(folder: Path, text: str, *, development: bool = False) -> dict[str, Address]:
    (folder / chats.FILE).write_text(text, encoding="utf-8")
    return chats.read(folder, UNITS, development=development)


def test_an_address_is_a_secret_of_a_variable_or_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CARELOOP_CHAT_HQ", "https://chat.test/hook?key=k\n")
    assert written(tmp_path, WRITTEN)["headquarters.supervisor"].url == "https://chat.test/hook?key=k"
    monkeypatch.delenv("CARELOOP_CHAT_HQ")
    (tmp_path / "careloop_chat_hq").write_text("https://chat.test/hook?key=file\n")
    (tmp_path / "careloop_key").write_text(SECRET)
    monkeypatch.setenv("CARELOOP_SECRETS", str(tmp_path))
    found = written(tmp_path, WRITTEN.replace("wecom", "dingtalk") + 'signing_secret = "key"\n')["headquarters.supervisor"]
    assert (found.url, found.secret) == ("https://chat.test/hook?key=file", SECRET)
    assert SECRET not in repr(found) and "key=file" not in repr(found)


def test_without_a_file_there_are_none(tmp_path: Path) -> None:
    assert chats.read(tmp_path, UNITS) == chats.read(None, UNITS) == {}


@pytest.mark.parametrize("name", ["headquarters", "north.east", "north.east.leader", "*.supervisor"])
def test_a_chat_is_a_units_a_roles_or_both(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setenv("CARELOOP_CHAT_HQ", "https://chat.test/hook")
    assert set(written(tmp_path, WRITTEN.replace("headquarters.supervisor", name))) == {name}


@pytest.mark.parametrize(
    ("text", "url", "said"),
    [
        (WRITTEN, None, "its address is missing: CARELOOP_CHAT_HQ"),
        (WRITTEN, "http://chat.test/hook", "is no https address"),
        (WRITTEN, "http://127.0.0.1/hook", "is no https address"),  # in production
        (WRITTEN, "chat.test", "is no https address"),
        (WRITTEN.replace("headquarters", "nowhere"), "https://chat.test", "names no unit of units.toml"),
        (WRITTEN.replace("supervisor", "boss"), "https://chat.test", "names no role"),
        (WRITTEN.replace("wecom", "icq"), "https://chat.test", "kind"),
        (WRITTEN + 'url = "http://localhost/x"\n', "https://chat.test", "either url_secret names its address, or url has it"),
        (WRITTEN + 'signing_secret = "key"\n', "https://chat.test", "wecom signs nothing"),
        (WRITTEN.replace("wecom", "feishu") + 'signing_secret = "key"\n', "https://chat.test", "its key is missing: CARELOOP_KEY"),
        ('[chats.headquarters]\nkind = "slack"\nurl = "https://chat.test/secret"\n', None, "is a secret: let url_secret name it"),
        ("[chats", None, "can't be used"),
    ],
)  # fmt: skip
def test_a_mistake_is_told_without_the_secret(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str, url: str | None, said: str
) -> None:
    if url:
        monkeypatch.setenv("CARELOOP_CHAT_HQ", url)
    with pytest.raises(NoChat) as caught:
        written(tmp_path, text)
    assert said in str(caught.value) and "chats.toml" in str(caught.value) and "chat.test" not in str(caught.value)


def test_on_this_machine_no_https_is_needed_in_development(tmp_path: Path) -> None:
    here = '[chats.headquarters]\nkind = "generic"\nurl = "http://127.0.0.1:8080/chat"\n'
    assert written(tmp_path, here, development=True)["headquarters"].chat.most_in_a_minute == 60
    with pytest.raises(NoChat, match="https"):
        written(tmp_path, here)


async def test_no_address_stands_in_a_log(receiver: Receiver, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.WARNING)  # as `shared/logs.py` has it for the libraries
    receiver.answer = Response(status_code=500)
    await receiver.room("slack", path="/hook?access_token=secret-token").send(Letter())
    assert "secret-token" not in caplog.text
