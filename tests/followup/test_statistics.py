"""Calls and notices, counted: as by hand, and in JSON and tables alike."""

import csv
import io
from collections import Counter
from datetime import timedelta
from itertools import product
from typing import Any

from services.followup.domain.call import WAITING, Call, Reason, State, Why
from services.followup.domain.news import Kind
from services.followup.domain.notice import Notice
from services.followup.domain.notice import State as Told
from shared.contracts.followup import Satisfaction
from shared.database import transaction
from shared.ids import customer_of, uuid7
from tests.followup.conftest import NOON

C1 = customer_of("erp/C-1")
ENDS: dict[State, list[dict[str, Any]]] = {
    State.DONE: [{"satisfaction": it, "score": score} for it, score in zip(Satisfaction, (5, 3, None), strict=False)],
    State.UNREACHABLE: [{"why": Why.ATTEMPTS}, {"why": Why.REFUSED}],
    State.CALLED_OFF: [{"why": Why.REOPENED}],
}


def a_call(n: int, reason: Reason, state: State, **facts: Any) -> Call:
    told: dict[str, Any] = {
        "id": uuid7(), "about": f"complaint:{n}", "round": 1, "reason": reason, "named_id": C1, "customer_id": C1, "unit": "headquarters",
        "source": "/careloop/complaints", "state": state, "planned_at": NOON + timedelta(days=n % 40),
        "earliest_at": NOON, "due_at": NOON, "completed_at": NOON if state is State.DONE else None,
    }  # fmt: skip
    return Call(**told | facts)


def a_notice(n: int, kind: Kind, state: Told) -> Notice:
    return Notice(
        id=uuid7(), kind=kind, source="/erp", fulfilment_id=uuid7(), order_id=f"SO-{n}", reference="erp/C-1", customer_id=C1, unit="overseas",
        state=state, news_at=NOON, due_at=NOON, planned_at=NOON, facts={},
    )  # fmt: skip


async def test_they_are_what_counting_by_hand_comes_to(followup, api):
    calls = [
        a_call(n, reason, state, **end)
        for n, (reason, state) in enumerate(product((Reason.COMPLAINT_RESOLVED, Reason.VISIT_DEPARTED, Reason.ORDER_LOST), State))
        for end in ENDS.get(state, [{}])[: 1 + n % 3]
    ]
    for n, call in enumerate(calls):
        call.about = f"complaint:{n}"
    notices = [a_notice(n, kind, state) for n, (kind, state) in enumerate(product(Kind, Told)) for _ in range(1 + n % 3)]
    async with transaction(followup.engine) as session:
        session.add_all([*calls, *notices])
    told = await api.get("/v1/statistics?by=reason&by=state")
    counted = Counter((it.reason.value, it.state.value) for it in calls)
    assert {(it["reason"], it["state"]): it["planned"] for it in told["items"]} == counted
    total = told["total"]
    assert total["planned"] == len(calls) == sum(total[name] for name in ("waiting", "done", "unreachable", "refused", "called_off"))
    assert (total["waiting"], total["refused"]) == (sum(it.state in WAITING for it in calls), sum(it.why is Why.REFUSED for it in calls))
    assert {name: total[name] for name in Satisfaction} == {name: sum(it.satisfaction is name for it in calls) for name in Satisfaction}
    scores = [it.score for it in calls if it.score]
    assert abs(float(total["mean_score"]) - sum(scores) / len(scores)) < 0.006
    assert "delivered" not in total and "kind" not in total

    told = await api.get("/v1/statistics?of=notices&by=kind&unit=overseas")
    assert {it["kind"]: it["planned"] for it in told["items"]} == Counter(it.kind.value for it in notices)
    assert {name: told["total"][name] for name in ("delivered", "failed", "skipped", "superseded", "called_off", "sent")} == {
        it.value: sum(one.state is it for one in notices)
        for it in (Told.DELIVERED, Told.FAILED, Told.SKIPPED, Told.SUPERSEDED, Told.CALLED_OFF, Told.SENT)
    }
    text = (await api.ask("GET", "/v1/statistics?of=notices&by=kind&unit=overseas&format=csv")).content.decode("utf-8-sig")
    lines = [*csv.DictReader(io.StringIO(text))]
    assert [(line["通知类型"], line["计划件数"]) for line in lines] == [
        *((it["kind"], str(it["planned"])) for it in told["items"]), ("", str(len(notices))),
    ]  # fmt: skip
    assert "满意" not in lines[0]


async def test_each_is_counted_by_what_it_has(api):
    for asked, field in (
        ("of=surveys", "of"),
        ("of=notices&by=satisfaction", "by"),
        ("of=notices&reason=order_lost", "reason"),
        ("kind=delayed", "kind"),
    ):
        answer = await api.ask("GET", f"/v1/statistics?{asked}")
        assert (answer.status_code, answer.json()["field"]) == (422, field), answer.text
        assert answer.json()["fix"]
