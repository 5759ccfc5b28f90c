"""What a mail, an SMS and a chat provider would do, without delivering: every request is kept, repeats and refusals too."""

import asyncio
import json
from collections.abc import Callable
from dataclasses import asdict, dataclass
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import Literal

from aiosmtpd.smtp import SMTP, Envelope, Session

from shared.clock import now

Channel = Literal["email", "sms", "chat"]


@dataclass(frozen=True)
class Entry:
    """One request as it arrived; a repeat has the key of an earlier one."""

    position: int
    at: str
    channel: Channel
    key: str
    to: str
    subject: str
    body: str
    answer: int
    repeat: bool


@dataclass(frozen=True)
class Trouble:
    """How the gateway misbehaves for one request: waits first, then answers `status`; with `keeps`, after it has accepted the message."""

    delay: float = 0
    status: int | None = None
    keeps: bool = False


Mood = Callable[[Channel, str, int], Trouble | None]


class Mailbox:
    """Everything that arrived, in a file of JSON lines; `mood(channel, key, times seen before)` makes it misbehave, for tests."""

    def __init__(self, file: Path, mood: Mood | None = None) -> None:
        file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        self.file = file
        self.mood = mood or (lambda channel, key, seen: None)
        self.entries = [Entry(**json.loads(line)) for line in _lines(file)]
        self.accepted = {(entry.channel, entry.key): entry for entry in self.entries if entry.answer < 300}
        self.seen: dict[tuple[str, str], int] = {}
        for entry in self.entries:
            self.seen[entry.channel, entry.key] = self.seen.get((entry.channel, entry.key), 0) + 1
        self.stream = file.open("a", encoding="utf-8")
        file.chmod(0o600)

    def keep(self, channel: Channel, key: str, to: str, subject: str, body: str, answer: int) -> Entry:
        at = now().isoformat(timespec="milliseconds")
        repeat = self.seen.get((channel, key), 0) > 0
        entry = Entry(len(self.entries) + 1, at, channel, key, to, subject, body, answer, repeat)
        self.entries.append(entry)
        self.seen[channel, key] = self.seen.get((channel, key), 0) + 1
        if answer < 300:
            self.accepted.setdefault((channel, key), entry)
        self.stream.write(json.dumps(asdict(entry), ensure_ascii=False) + "\n")
        self.stream.flush()
        return entry

    async def sms(self, key: str, to: str, text: str) -> tuple[int, dict[str, str]]:
        """What the provider answers."""
        trouble = self.mood("sms", key, self.seen.get(("sms", key), 0)) or Trouble()
        first = self.accepted.get(("sms", key))
        changed = first is not None and (first.to, first.body) != (to, text)
        status = 409 if changed else 200 if first else 202
        if trouble.status and not trouble.keeps:
            status = trouble.status
        entry = self.keep("sms", key, to, "", text, status)
        await asyncio.sleep(trouble.delay)
        status = trouble.status or status
        if status >= 300:
            return status, {"error": "This key came with another body before." if status == 409 else "The gateway is in trouble."}
        return status, {"id": f"sms-{(first or entry).position}", "status": "accepted"}

    async def chat(self, key: str, name: str, subject: str, text: str) -> int:
        """A chat tells a repeat from its key, and keeps it too."""
        trouble = self.mood("chat", key, self.seen.get(("chat", key), 0)) or Trouble()
        self.keep("chat", key, name, subject, text, trouble.status if trouble.status and not trouble.keeps else 200)
        await asyncio.sleep(trouble.delay)
        return trouble.status or 200

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        """Called by aiosmtpd for each mail."""
        raw = envelope.original_content or b""
        message = message_from_bytes(raw, EmailMessage, policy=policy.default)
        assert isinstance(message, EmailMessage)
        key = str(message["Message-ID"] or "")
        trouble = self.mood("email", key, self.seen.get(("email", key), 0)) or Trouble()
        part = message.get_body(("plain", "html"))
        body = str(part.get_content()) if part else ""
        status = trouble.status if trouble.status and not trouble.keeps else 250
        for to in envelope.rcpt_tos:
            self.keep("email", key, to, str(message["Subject"] or ""), body.strip(), status)
        await asyncio.sleep(trouble.delay)
        status = trouble.status or status
        return "250 kept" if status == 250 else f"{status} the gateway is in trouble"


def _lines(file: Path) -> list[str]:
    """Whole lines only: a kill may have left half of one."""
    if not file.exists():
        return []
    content = file.read_bytes()
    whole = content[: content.rfind(b"\n") + 1]
    if whole != content:
        file.write_bytes(whole)
    return whole.decode().splitlines()
