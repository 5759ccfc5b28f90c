"""Messages in the usual chat systems, by the webhook of a group. None of them knows a key that makes repeats one.

Several answer 200 to what they refuse: what the body says counts. What is too fast was certainly not taken; a redirect is followed nowhere.
"""

import base64
import hashlib
import hmac
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any, NamedTuple

import httpx
import orjson

from services.followup.domain.sending import Answer, Letter, Result
from services.followup.gateways.chats import Address, Kind
from shared.clock import now

PATIENCE = httpx.Timeout(10, connect=3)
LATER = frozenset((401, 403, 404, 405, 407, 408, 410, 425))  # about us or the chat, not about this message: somebody mends it
TOO_FAST: Mapping[Kind, frozenset[int]] = {
    "wecom": frozenset((45009, 45033)),
    "dingtalk": frozenset((130101, 410100)),
    "feishu": frozenset((11232, 99991400)),
}
OURS: Mapping[Kind, frozenset[int]] = {  # the robot, its key or its list of addresses is not right
    "wecom": frozenset((93000, 40014, 42001)),
    "dingtalk": frozenset((300005, 310000, 400013, 430102, 430103)),
    "feishu": frozenset((19001, 19007, 19021, 19022)),
}
MENDING = timedelta(minutes=5)  # between two attempts, until somebody mends it or the news is old
BANNED = timedelta(minutes=10)  # how long DingTalk takes nothing from who was too fast


class Request(NamedTuple):
    body: Any
    query: Mapping[str, str] = {}
    headers: Mapping[str, str] = {}


class ChatRoom:
    """One chat."""

    def __init__(self, address: Address) -> None:
        self.kind, self.secret, self.url = address.chat.kind, address.secret, httpx.URL(address.url)
        self.client = httpx.AsyncClient(timeout=PATIENCE, limits=httpx.Limits(max_connections=4), follow_redirects=False, trust_env=False)

    async def send(self, letter: Letter) -> Result:
        asked = WRITERS[self.kind](letter, self.secret)
        url = self.url.copy_merge_params(asked.query) if asked.query else self.url
        headers = {"Content-Type": "application/json; charset=utf-8", **asked.headers}
        try:
            answer = await self.client.post(url, content=orjson.dumps(asked.body), headers=headers)
        except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout):
            return Result(Answer.BUSY, reason="the chat can't be reached")
        except httpx.HTTPError:
            return Result(Answer.UNSURE, reason="the chat did not answer")
        return understood(self.kind, answer)


# -- what each wants to read


def wecom(letter: Letter, secret: str | None) -> Request:
    return Request({"msgtype": "text", "text": {"content": letter.text}})


def dingtalk(letter: Letter, secret: str | None) -> Request:
    """Signed: the milliseconds and the key, by the key."""
    body = {"msgtype": "text", "text": {"content": letter.text}}
    if secret is None:
        return Request(body)
    moment = str(int(now().timestamp() * 1000))
    return Request(body, {"timestamp": moment, "sign": in_base64(secret.encode(), f"{moment}\n{secret}".encode())})


def feishu(letter: Letter, secret: str | None) -> Request:
    """Signed: nothing, by the seconds and the key."""
    body: dict[str, Any] = {"msg_type": "text", "content": {"text": letter.text}}
    if secret is not None:
        moment = str(int(now().timestamp()))
        body |= {"timestamp": moment, "sign": in_base64(f"{moment}\n{secret}".encode(), b"")}
    return Request(body)


def slack(letter: Letter, secret: str | None) -> Request:
    """Three characters would be its own marks."""
    return Request({"text": letter.text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")})


def teams(letter: Letter, secret: str | None) -> Request:
    """An Adaptive Card, as a workflow takes it."""
    lines = [{"type": "TextBlock", "text": line, "wrap": True} for line in letter.text.split("\n")]
    card = {"$schema": "http://adaptivecards.io/schemas/adaptive-card.json", "type": "AdaptiveCard", "version": "1.2", "body": lines}
    return Request(
        {
            "type": "message",
            "attachments": [{"contentType": "application/vnd.microsoft.card.adaptive", "contentUrl": None, "content": card}],
        }
    )


def generic(letter: Letter, secret: str | None) -> Request:
    """Signed: the seconds, a dot and the body, by the key."""
    body = {"id": str(letter.id), "subject": letter.subject, "text": letter.text, "written_at": letter.written_at.isoformat()}
    headers = {"Idempotency-Key": str(letter.id)}
    if secret is not None:
        moment = str(int(now().timestamp()))
        signature = hmac.new(secret.encode(), f"{moment}.".encode() + orjson.dumps(body), hashlib.sha256).hexdigest()
        headers |= {"Careloop-Timestamp": moment, "Careloop-Signature": f"sha256={signature}"}
    return Request(body, headers=headers)


WRITERS: Mapping[Kind, Callable[[Letter, str | None], Request]] = {
    "wecom": wecom, "dingtalk": dingtalk, "feishu": feishu, "slack": slack, "teams": teams, "generic": generic,
}  # fmt: skip


def in_base64(key: bytes, message: bytes) -> str:
    return base64.b64encode(hmac.new(key, message, hashlib.sha256).digest()).decode()


# -- what they answer


def understood(kind: Kind, answer: httpx.Response) -> Result:
    """Those that answer with a code say in it what happened, whatever the status is."""
    code = code_of(kind, answer)
    if code is not None and code != 0:
        return by_code(kind, code, answer)
    if answer.status_code == 429 or (kind == "teams" and "HTTP error 429" in answer.text[:1000]):
        return Result(Answer.BUSY, reason="the chat asks to slow down", wait=asked_to_wait(answer))
    if answer.is_success:
        if code is None and kind in OURS:
            return Result(Answer.UNSURE, reason="the chat did not say whether it took it")
        return Result(Answer.TAKEN)
    if answer.status_code in LATER or answer.is_redirect:
        return Result(Answer.BUSY, reason=f"the chat does not let us in ({answer.status_code})", wait=MENDING)
    if answer.status_code == 503:
        return Result(Answer.BUSY, reason="the chat is not there for now (503)", wait=asked_to_wait(answer))
    if answer.is_client_error:
        return Result(Answer.REFUSED, reason=f"the chat refused it ({answer.status_code})")
    return Result(Answer.UNSURE, reason=f"the chat failed ({answer.status_code})")


def code_of(kind: Kind, answer: httpx.Response) -> int | None:
    """`StatusCode` of Feishu is 0 also where `code` is not."""
    if kind not in OURS:
        return None
    try:
        told = orjson.loads(answer.content)
    except orjson.JSONDecodeError:
        return None
    code = told.get("code" if kind == "feishu" else "errcode") if isinstance(told, dict) else None
    return code if isinstance(code, int) else None


def by_code(kind: Kind, code: int, answer: httpx.Response) -> Result:
    too_many = code == 9499 and "too many" in answer.text[:1000].lower()  # Feishu says the same code of what it can't read
    if code in TOO_FAST[kind] or too_many:
        return Result(
            Answer.BUSY, reason=f"the chat asks to slow down ({code})", wait=BANNED if kind == "dingtalk" else asked_to_wait(answer)
        )
    if code == -1:  # WeCom and DingTalk: busy, try again
        return Result(Answer.BUSY, reason="the chat is busy")
    if code in OURS[kind]:
        return Result(Answer.BUSY, reason=f"the chat does not let us in ({code})", wait=MENDING)
    return Result(Answer.REFUSED, reason=f"the chat refused it ({code})")


def asked_to_wait(answer: httpx.Response) -> timedelta | None:
    """Seconds; a date is passed over, and the usual pause taken."""
    told = answer.headers.get("Retry-After", "")
    return timedelta(seconds=min(int(told), 3600)) if told.isdecimal() and len(told) < 8 else None
