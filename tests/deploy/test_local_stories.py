"""The pages of stories: what happened, in the order in which it did; whoever does not answer hides nothing of the others."""

from pathlib import Path
from typing import Any

import pytest

from deploy.local import issuer, stories
from deploy.local.asking import Asking
from deploy.local.gateways import ZONE
from deploy.local.leash import a_port
from deploy.local.stories import Told
from deploy.local.stories_page import newest_page, story_page


def event(type: str, source: str, time: str, **data: Any) -> dict[str, Any]:
    return {"id": time, "type": f"{type}.v1", "source": f"/careloop/{source}", "time": f"2026-01-05T02:00:{time}Z", "data": data}


def test_a_story_says_who_said_what_when() -> None:
    told = [
        event(
            "complaint.received",
            "complaints",
            "01",
            number="C-1",
            round=1,
            customer_id="u",
            channel="<b>phone",
            note_id="01a2101a-2d3c-720c-9064-bdcd55088afa",
            order_id="PO-1",
            customer_known=False,
            received_at="2026-01-05T02:00:01.5Z",
        ),
        event("call.planned", "followup", "02", about="complaint:1", due_at="2026-01-08T13:00:00Z"),
        event("complaint.resolved", "complaints", "03", number="C-1", compensation={"amount": "5.00", "currency": "CNY"}),
    ]
    page = story_page(Told(told, ["reception does not answer at the moment."]), "<abc>", ZONE)
    assert "Complaint <b>C-1</b>" in page and "&lt;abc&gt;" in page and "<b>phone" not in page
    assert page.index("complaint.received") < page.index("call.planned") < page.index("complaint.resolved")
    assert "2026-01-05 10:00:02" in page and "<td>followup</td>" in page
    assert "channel &lt;b&gt;phone" in page and "compensation 5.00 CNY" in page and "customer known no" in page and "order id PO-1" in page
    assert "due at 2026-01-08 21:00:00" in page and "received at" not in page, "a time is shown in the unit's zone, and not twice"
    assert "note" not in page and "complaint:1" not in page and "reception does not answer" in page


def test_the_newest_come_first_and_lead_to_their_stories() -> None:
    things = [
        {"kind": "complaint", "number": "C-1", "state": "closed", "received_at": "2026-01-05T01:00:00Z", "correlation": "a/b"},
        {"kind": "visit", "company": "<Steel>", "state": "applied", "arrives_at": "2026-01-06T01:00:00Z", "correlation": "c"},
        {"kind": "inquiry", "id": "i", "state": "received", "received_at": "2026-01-04T01:00:00Z", "correlation": None},
    ]
    page = newest_page(Told(things), ZONE)
    assert page.index("&lt;Steel&gt;") < page.index("C-1") and '<a href="/stories/a%2Fb">C-1</a>' in page
    assert "inquiry" not in page.split("</p>", 1)[1], "what has no correlation leads nowhere"
    assert "Nothing has happened yet" in newest_page(Told([]), ZONE)


@pytest.fixture
def nobody(tmp_path: Path) -> Asking:
    issuer.prepare(tmp_path, "http://issuer")
    return Asking(dict.fromkeys(stories.TELLERS, f"http://127.0.0.1:{a_port()}"), tmp_path)


async def test_whoever_does_not_answer_is_named(nobody: Asking) -> None:
    assert await stories.newest(nobody) == Told([], [f"{name} does not answer at the moment." for name in ("complaints", "reception")])
    assert (await stories.story(nobody, "x")).trouble == [f"{name} does not answer at the moment." for name in sorted(stories.TELLERS)]
