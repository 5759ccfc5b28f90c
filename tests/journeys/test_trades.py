"""Both stories under every shipped trade profile: one company with a unit of each, on real Kafka and PostgreSQL; and a change that is rolled out."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest

from shared.profiles.files import SHIPPED
from tests.journeys.desk import Desk, now, until
from tests.terminal import Terminal, a_system

TRADES = sorted(file.stem for file in SHIPPED.glob("*.toml"))
UNITS = 'default = "standard"\n' + "".join(f'[units.{it}]\nprofile = "{it}"\n' for it in TRADES)


@pytest.fixture(scope="module")
def terminal() -> Iterator[Terminal]:
    with a_system(UNITS) as terminal:
        yield terminal


class DeskOf(Desk):
    """Of one unit."""

    def __init__(self, terminal: Terminal, unit: str) -> None:
        self.unit = unit
        super().__init__(terminal)

    def client(self, role: str) -> Any:
        found = super().client(role)
        token = self.terminal.careloop("token", role, "--subject", f"the-{role}", "--unit", self.unit).stdout.strip()
        found.headers["Authorization"] = f"Bearer {token}"
        return found


@pytest.mark.parametrize("trade", TRADES)
def test_both_stories_under_every_trade(terminal: Terminal, trade: str) -> None:
    """A15"""
    desk, reference = DeskOf(terminal, trade), f"erp/{uuid4().hex[:12]}"
    system, _, id = reference.partition("/")
    desk.publish("/erp", "customer.declared.v1", {
        "customer": {"system": system, "id": id}, "kind": "company", "display_name": "Example Coils", "emails": ["coils@example.com"],
        "preferred_channel": "email", "orgunit": trade,
    })  # fmt: skip
    shipped = {
        "customer": {"system": system, "id": id}, "order_id": f"PO-{id}", "shipment_id": f"S-{id}", "shipped_at": now(), "carrier": {"code": "sf"},
        "tracking_number": "SF1", "expected_arrival_until": "2099-12-31",
    }  # fmt: skip
    desk.publish("/logistics", "order.shipped.v1", shipped)
    (notice,) = until(lambda: [it for it in desk.items("followup", "/v1/notices", order_id=f"PO-{id}") if it["state"] == "sent"])
    assert notice["kind"] == "shipped"
    taken = desk.complain(reference)
    assert taken["unit"] == trade
    deadlines = desk.get("complaints", f"/v1/complaints/{taken['id']}/deadlines")["items"]
    assert {it["profile"]["name"] for it in deadlines} == {trade} and {"acknowledgement", "plan"} <= {it["milestone"] for it in deadlines}
    assert all(it["why"]["en"] and it["why"]["zh"] and it["limits"][0]["rule"] for it in deadlines)
    desk.resolve(taken["id"])
    call = desk.call(f"complaint:{taken['id']}")
    (clock,) = desk.get("followup", f"/v1/calls/{call['id']}/deadlines")["items"]
    assert clock["due_at"] == call["due_at"] and clock["profile"]["name"] == trade
    desk.answer(call, "dissatisfied")
    desk.until_it_is(taken["id"], "investigating", 2)
    desk.resolve(taken["id"])
    desk.answer(desk.call(f"complaint:{taken['id']}", 2), "satisfied")
    desk.until_it_is(taken["id"], "closed", 2)
    found = desk.get("complaints", f"/v1/complaints/{taken['id']}/deadlines")["items"]
    assert {it["state"] for it in found} == {"met"} and {it["round"] for it in found} == {1, 2}


def test_a_promise_that_is_not_kept_is_told(terminal: Terminal) -> None:
    """INQY-05: by the worker's own clock."""
    desk = DeskOf(terminal, "property")
    question = {"customer": {"system": "erp", "id": uuid4().hex[:12]}, "channel": "phone", "kind": "consultation", "question": "When?"}
    inquiry = desk.post("reception", "/v1/inquiries", question)
    due = now(seconds=3)
    desk.post("reception", f"/v1/inquiries/{inquiry['id']}/promise", {"until": due}, status=200)
    (event,) = until(lambda: desk.items("reception", "/v1/events", type="inquiry.overdue.v1", subject=inquiry["id"]))
    assert (event["data"]["milestone"], event["data"]["profile"]) == ("promise", "property")
    assert datetime.fromisoformat(event["data"]["due_at"]) == datetime.fromisoformat(due)
    (listed,) = desk.items("reception", "/v1/deadlines", state="missed", about=f"inquiry:{inquiry['id']}")
    assert listed["milestone"] == "promise"


def test_a_preview_in_the_running_system_names_what_would_move(terminal: Terminal) -> None:
    """Three open complaints of a unit; another number in its profile moves three deadlines and those of no other unit."""
    desk = DeskOf(terminal, "steel")
    taken = [desk.complain(f"erp/{uuid4().hex[:12]}")["id"] for _ in range(3)]
    draft = terminal.run / "steel.toml"
    draft.write_text(
        'version = 2\nby = "s-9"\nwhy = "Plans came late."\nextends = "steel"\n'
        '[complaints.milestones.plan]\nlimits = [{ within = "9 wd", rule = "ours" }]\n'
    )
    done = terminal.careloop("profiles", "preview", str(draft))
    assert done.returncode == 0, done.stderr
    lines = [line.split() for line in done.stdout.splitlines()]
    assert {line[2] for line in lines if line[:2] == ["complaints", "steel"]} == {f"complaint:{id}" for id in taken}
    assert "3 of 6 open deadlines would lie elsewhere, 0 earlier, 3 later." in done.stdout, done.stdout
    wrong = terminal.run / "gas.toml"
    wrong.write_text(draft.read_text().replace("9 wd", "9 days"))
    refused = terminal.careloop("profiles", "preview", str(wrong))
    assert refused.returncode == 1 and 'complaints.milestones.plan.limits[0].within is "9 days"' in refused.stderr
    assert "Traceback" not in refused.stderr
    nobodys = terminal.careloop("profiles", "preview", str(wrong.rename(wrong.with_name("ninth.toml"))))
    assert nobodys.returncode == 1 and "No unit has the profile ninth" in nobodys.stderr


def test_versions_in_force_are_shown_by_every_service(terminal: Terminal) -> None:
    desk = DeskOf(terminal, "gas")
    for service in ("customers", "complaints", "followup", "reception"):
        items = until(lambda service=service: desk.items(service, "/v1/profiles"))
        assert sorted(it["name"] for it in items) == TRADES and {(it["version"], it["by"]) for it in items} == {(1, "careloop")}
        since = {datetime.fromisoformat(it["in_force_since"]) for it in items}
        assert all(datetime.now(UTC) - it < timedelta(minutes=15) for it in since)
