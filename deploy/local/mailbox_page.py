"""The mailbox as one page that looks after itself: what was delivered, and what waits, why and until when."""

from collections.abc import Sequence
from html import escape
from typing import Any
from zoneinfo import ZoneInfo

from deploy.local.frame import framed, moment
from deploy.local.mailbox import Entry
from deploy.local.waiting import Waiting

NEWEST = 100
CHANNELS = {"email": "e-mail", "sms": "SMS", "chat": "chat"}
WHY = {
    "held": "quiet hours: an SMS wakes nobody",
    "awaiting_contact": "no phone number or e-mail address of this customer is known yet",
    "planned": "about to be sent",
}


def page(entries: Sequence[Entry], waiting: Waiting, zone: ZoneInfo) -> str:
    delivered = [entry for entry in entries if entry.answer < 300 and not entry.repeat]
    return framed(
        "Mailbox",
        f"""<p class="faint">What customers, and staff, would have received. Nothing leaves this machine. The page renews itself every five seconds.
Times are those of {zone.key}. <a href="/messages.json">messages.json</a> has every request, repeats too.</p>
<h2>Waiting ({len(waiting.notices)})</h2>
{_waiting(waiting, zone)}
<h2>Delivered ({len(delivered)})</h2>
{"".join(_message(entry, zone) for entry in reversed(delivered[-NEWEST:])) or '<p class="faint">Nothing yet.</p>'}""",
    )


def _waiting(waiting: Waiting, zone: ZoneInfo) -> str:
    if waiting.trouble:
        return f'<p class="faint">{escape(waiting.trouble)}</p>'
    if not waiting.notices:
        return '<p class="faint">Nothing waits.</p>'
    rows = "".join(
        f"<tr><td>{_text(notice, 'kind')}</td><td>{_text(notice, 'order_id')}</td><td>{_why(notice)}</td><td>{_until(notice, zone)}</td></tr>"
        for notice in waiting.notices
    )
    return f"<table><tr><th>notice</th><th>order</th><th>why</th><th>until</th></tr>{rows}</table>"


def _why(notice: dict[str, Any]) -> str:
    return escape(WHY.get(str(notice.get("state"))) or str(notice.get("reason") or "–"))


def _until(notice: dict[str, Any], zone: ZoneInfo) -> str:
    """No hour ends the wait for a contact."""
    return "one is declared" if notice.get("state") == "awaiting_contact" else moment(notice.get("due_at"), zone)


def _message(entry: Entry, zone: ZoneInfo) -> str:
    subject = f"<p><b>{escape(entry.subject)}</b></p>" if entry.subject else ""
    return (
        f"<article><header><span>{moment(entry.at, zone)}</span><span>{CHANNELS[entry.channel]}</span>"
        f"<span>to {escape(entry.to if entry.channel == 'chat' else masked(entry.to))}</span></header>{subject}<pre>{escape(entry.body)}</pre></article>"
    )


def masked(address: str) -> str:
    """Enough to recognise one's own, not enough to write to."""
    name, at, domain = address.partition("@")
    return f"{name[:1]}…@{domain}" if at else f"{address[:6]}…{address[-2:]}"


def _text(notice: dict[str, Any], field: str) -> str:
    return escape(str(notice.get(field) or "–"))
