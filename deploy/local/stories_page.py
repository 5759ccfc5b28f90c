"""The stories as pages: the newest things, and what happened to one of them, event by event."""

import re
from collections.abc import Mapping, Sequence
from html import escape
from typing import Any
from urllib.parse import quote
from zoneinfo import ZoneInfo

from deploy.local.frame import framed, moment
from deploy.local.stories import Told
from shared.contracts.values import A_TIME

LEFT_OUT = {"unit", "number", "about"}  # the same in every line
TIME, OUR_ID = re.compile(A_TIME), re.compile(r"^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$")


def newest_page(told: Told, zone: ZoneInfo) -> str:
    rows = "".join(
        f"<tr><td>{_link(it)}</td><td>{_text(it.get('kind'))}</td><td>{_text(it.get('state'))}</td><td>{moment(_begun(it), zone)}</td></tr>"
        for it in sorted(told.items, key=lambda it: _begun(it) or "", reverse=True)
        if it.get("correlation")
    )
    table = f"<table><tr><th>what</th><th>kind</th><th>state</th><th>since ({zone.key})</th></tr>{rows}</table>"
    return framed(
        "Stories",
        f"""<p class="faint">What happened to a complaint, a visit, an inquiry: choose one.</p>
{_trouble(told.trouble)}{table if rows else '<p class="faint">Nothing has happened yet.</p>'}""",
    )


def story_page(told: Told, correlation: str, zone: ZoneInfo) -> str:
    rows = "".join(
        f"<tr><td>{moment(it['time'], zone)}</td><td>{escape(it['source'].removeprefix('/careloop/'))}</td>"
        f"<td><b>{escape(it['type'].removesuffix('.v1'))}</b></td><td class='faint'>{_facts(it, zone)}</td></tr>"
        for it in told.items
    )
    table = f"<table><tr><th>when ({zone.key})</th><th>who says so</th><th>what</th><th>facts</th></tr>{rows}</table>"
    number = next((it["data"]["number"] for it in told.items if "number" in it["data"]), None)
    return framed(
        "Story",
        f"""<p>{f"Complaint <b>{escape(number)}</b>" if number else ""} <span class="faint">correlation id {escape(correlation)}</span></p>
{_trouble(told.trouble)}{table if rows else '<p class="faint">No service knows of this story.</p>'}""",
    )


def _begun(it: Mapping[str, Any]) -> str | None:
    return it.get("received_at") or it.get("applied_at") or it.get("arrives_at")


def _link(it: Mapping[str, Any]) -> str:
    return f'<a href="/stories/{quote(str(it["correlation"]), safe="")}">{_text(it.get("number") or it.get("company") or it.get("id"))}</a>'


def _facts(event: Mapping[str, Any], zone: ZoneInfo) -> str:
    """What the event says beyond its name: no ids of ours, nothing empty, and not its own time again."""
    at = moment(event["time"], zone)
    told = {name.replace("_", " "): _value(it, zone) for name, it in event["data"].items() if name not in LEFT_OUT}
    return ", ".join(f"{escape(name)} {escape(it)}" for name, it in told.items() if it not in ("", at))


def _value(it: Any, zone: ZoneInfo) -> str:
    match it:
        case bool():
            return "yes" if it else "no"
        case None | []:
            return ""
        case str() if OUR_ID.match(it):
            return ""
        case {"amount": amount, "currency": currency}:
            return f"{amount} {currency}"
        case str() if TIME.match(it):
            return moment(it, zone)
        case list():
            return " ".join(map(str, it))
    return str(it)


def _trouble(sentences: Sequence[str]) -> str:
    return "".join(f'<p class="faint">{escape(it)}</p>' for it in sentences)


def _text(value: Any) -> str:
    return escape(str(value or "–"))
