"""Complaints, counted: the same numbers as counting by hand, and in JSON, CSV and XLSX alike."""

import csv
import io
from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

import openpyxl
import pytest

from services.complaints.app import service
from services.complaints.domain.clock import Watch
from services.complaints.domain.complaint import Complaint, Severity
from services.complaints.domain.course import Place, State
from services.complaints.domain.timekeeping import in_line
from shared.clocks.clock import State as Running
from shared.database import transaction
from shared.registers.sheet import Sheet
from tests.complaints.making import NOON, TRADE, a_complaint, kept, step, taken
from tests.rooms import UNITS
from tests.shared.an_api import token

PLACES = Place.RECEIVED, Place.UPHELD, Place.NOT_UPHELD, Place.INVESTIGATING, Place.RESOLVED, Place.ACCEPTED, Place.CLOSED, Place.WITHDRAWN
SOME = Random(8)


def any_complaint(n: int) -> Complaint:
    """Somewhere in its course, of one of a few kinds; some just before or after midnight in one of two zones."""
    place, received_at = (
        SOME.choice(PLACES),
        NOON + timedelta(days=SOME.randrange(70), hours=SOME.randrange(24), minutes=SOME.choice((0, 59))),
    )
    settled = place in (Place.RESOLVED, Place.ACCEPTED, Place.CLOSED)
    facts: dict[str, Any] = {
        "received_at": received_at, "unit": SOME.choice((*UNITS.units,)), "category": SOME.choice(("delivery", "quality")),
        "product": SOME.choice((None, "A-12", "锌卷")), "cause": SOME.choice((None, "packing")), "round": SOME.choice((1, 1, 2)),
    }  # fmt: skip
    if settled:
        paid = SOME.choice((None, ("12.5000", "CNY"), ("7.0000", "EUR")))
        facts |= {"resolved_at": received_at + timedelta(hours=SOME.randrange(1, 400)), "undated": SOME.random() < 0.2}
        facts |= {"compensation_amount": Decimal(paid[0]), "compensation_currency": paid[1]} if paid else {}
    return a_complaint(place, id=None, **facts)


def bucket(it: Complaint, period: str) -> str:
    day = it.received_at.astimezone(ZoneInfo(UNITS[it.unit].zone)).date()
    match period:
        case "week":
            return str(day - timedelta(days=day.weekday()))
        case "month":
            return str(day.replace(day=1))
        case "quarter":
            return str(date(day.year, (day.month - 1) // 3 * 3 + 1, 1))
        case "year":
            return str(date(day.year, 1, 1))
    return str(day)


def by_hand(those: Sequence[Complaint], late: set[str]) -> dict[str, Any]:
    paid = [it for it in those if it.compensation]
    spans = [it.resolved_at - it.received_at for it in those if it.resolved_at and not it.undated]
    currencies = {it.compensation_currency for it in paid}
    told = {State.RESOLVED, State.ACCEPTED}
    return {
        "received": len(those),
        "open": sum(it.state not in {*told, State.CLOSED, State.WITHDRAWN} for it in those),
        "resolved": sum(it.state in told for it in those),
        "closed": sum(it.state is State.CLOSED for it in those),
        "withdrawn": sum(it.state is State.WITHDRAWN for it in those),
        "upheld": sum(it.upheld is True for it in those), "not_upheld": sum(it.upheld is False for it in those),
        "reopened": sum(it.round > 1 for it in those), "overdue": sum(it.about in late for it in those), "compensated": len(paid),
        "compensation": {"amount": f"{sum(it.compensation_amount or 0 for it in paid):.4f}", "currency": currencies.pop()}
        if len(currencies) == 1 else None,
        "mean_days": sum(it.total_seconds() for it in spans) / 86_400 / len(spans) if spans else None,
    }  # fmt: skip


def alike(told: Mapping[str, Any], counted: Mapping[str, Any]) -> bool:
    mean, by_us = told["mean_days"], counted["mean_days"]
    near = mean is by_us is None or abs(float(mean) - by_us) < 0.006
    return near and {name: told[name] for name in counted if name != "mean_days"} == {k: v for k, v in counted.items() if k != "mean_days"}


async def test_they_are_what_counting_by_hand_comes_to(complaints, api):
    those = [any_complaint(n) for n in range(150)]
    await kept(complaints, *those)
    late = set()
    async with transaction(complaints.engine) as session:
        for it in those[:60]:
            clocks = [told for told in in_line(it, [], trade=TRADE, at=it.received_at) if isinstance(told, Watch)]
            for clock in clocks:
                clock.tick(clock.runs_by(TRADE.knowledge), NOON + timedelta(days=30))
            session.add_all(clocks)
            late |= {it.about for clock in clocks if clock.state is Running.MISSED}
    assert 0 < len(late) < 60
    for question in ((), ("category",), ("cause", "unit"), ("product", "severity", "state"), ("currency",)):
        for period in (None, "day", "week", "month", "quarter", "year"):
            asked = "&".join([*(f"by={it}" for it in question), *([f"period={period}"] if period else [])])
            told = await api.get(f"/v1/statistics?{asked}")
            groups = defaultdict(list)
            for it in those:
                value = {"currency": it.compensation_currency, "severity": it.severity and it.severity.value, "state": it.state.value}
                key = tuple(value[name] if name in value else getattr(it, name) for name in question)
                groups[(bucket(it, period), *key) if period else key].append(it)
            names = ("period", *question) if period else question
            found = {tuple(item[name] for name in names): item for item in told["items"]}
            assert found.keys() == (groups.keys() if names else set())
            assert all(alike(found[key], by_hand(group, late)) for key, group in groups.items() if names)
            assert alike(told["total"], by_hand(those, late))


@pytest.mark.parametrize(("unit", "day"), [("headquarters", "2026-02-01"), ("overseas", "2026-01-31")])
async def test_a_day_is_the_units_own(complaints, api, unit, day):
    await kept(
        complaints, a_complaint(received_at=datetime.fromisoformat("2026-01-31T16:30:00Z"), unit=unit)
    )  # 00:30 in Shanghai, 17:30 in Berlin
    assert [it["period"] for it in (await api.get("/v1/statistics?period=day"))["items"]] == [day]
    assert (await api.get(f"/v1/statistics?from={day}&until={day}"))["total"]["received"] == 1
    before = date.fromisoformat(day) - timedelta(days=1)
    assert (await api.get(f"/v1/statistics?until={before}"))["total"]["received"] == 0


async def as_tables(api, asked: str) -> list[list[dict[str, Any]]]:
    """The rows of the CSV and of the workbook, by the names of the fields."""
    text = (await api.ask("GET", f"/v1/statistics?{asked}&format=csv&headings=names")).content.decode("utf-8-sig")
    book = openpyxl.load_workbook(io.BytesIO((await api.ask("GET", f"/v1/statistics?{asked}&format=xlsx&headings=names")).content))
    heads, *rows = book.worksheets[0].iter_rows(values_only=True)
    return [[*csv.DictReader(io.StringIO(text))], [dict(zip(heads, row, strict=True)) for row in rows]]


async def test_one_complaint_that_is_changed_moves_json_and_tables_alike(api):
    it = await taken(api, product="A-12")
    await step(api, it["id"], "judgement", {"cause": "packing", "department": "品质部"})
    for state, numbers in (("judged", (1, 0, 0)), ("resolved", (0, 1, 1))):
        if state == "resolved":
            await step(
                api, it["id"], "resolution", {"compensation": {"amount": "80", "currency": "CNY"}, "cause": "strap"}, role="supervisor"
            )
        cause = "packing" if state == "judged" else "strap"
        told = (await api.get("/v1/statistics?by=product&by=department&by=cause"))["items"]
        expected = ("A-12", "品质部", cause, *numbers)
        names = "product", "department", "cause", "open", "resolved", "compensated"
        assert [tuple(item[name] for name in names) for item in told] == [expected]
        lines, cells = await as_tables(api, "by=product&by=department&by=cause")
        assert [tuple(row[name] for name in names) for row in lines] == [
            (*expected[:3], *map(str, numbers)),
            ("", "", "", *map(str, numbers)),
        ]
        assert [tuple(row[name] for name in names) for row in cells] == [expected, (None, None, None, *numbers)]
        assert "category" not in lines[0]


async def test_what_nobody_asked_for_is_not_told_and_what_does_not_fit_is_said(api, monkeypatch):
    for asked, field in (("by=colour", "by"), ("by=unit&by=state&by=cause&by=source", "by"), ("period=hour", "period"), ("from=20260105", "from"),
                         ("from=2026-02-01&until=2026-01-01", "until"), ("colour=red", "colour"), ("state=lost", "state"), ("limit=5", "limit")):  # fmt: skip
        answer = await api.ask("GET", f"/v1/statistics?{asked}")
        assert (answer.status_code, answer.json()["field"]) == (422, field), asked
        assert answer.json()["fix"]
    for order in ("PO-1", "PO-2"):
        await taken(api, order_id=order, product=order)
    monkeypatch.setattr("shared.counting.MOST", 1)
    answer = await api.ask("GET", "/v1/statistics?by=product")
    assert (answer.status_code, answer.json()["fix"]) == (422, "Count by less, by a longer period, or from a later day.")


async def test_only_what_the_caller_sees_is_counted(complaints, api):
    await kept(complaints, a_complaint(severity=Severity.MAJOR), a_complaint(unit="overseas"))
    assert (await api.get("/v1/statistics?severity=major"))["total"]["received"] == 1
    theirs = {"Authorization": f"Bearer {token('specialist', units=['overseas'])}"}
    told = (await api.client.get("/v1/statistics?by=unit", headers=theirs)).json()
    assert [(it["unit"], it["received"]) for it in told["items"]] == [("overseas", 1)]
    assert told["total"]["received"] == 1
    lines = (await api.client.get("/v1/statistics?by=unit&format=csv", headers=theirs)).text.splitlines()
    assert [line.partition(",")[0] for line in lines[1:]] == ["overseas", ""]


@pytest.mark.parametrize("sheet", [it for it in service.sheets() if not it.needs], ids=lambda it: it.name)
async def test_every_register_can_be_asked_for_as_an_export(api: Any, sheet: Sheet) -> None:
    """These too, which are no table of rows, and those that depend on who asks."""
    everybody = {"Authorization": f"Bearer {token('leader', 'supervisor', 'auditor', 'admin', 'privacy_officer')}"}
    answer = await api.client.post("/v1/exports", json={"register": sheet.name}, headers=everybody)
    assert (answer.status_code, answer.json().get("state")) == (201, "queued"), answer.text
