"""The checker itself: what it calls lost, doubled, reordered, parked wrongly, and silence."""

from types import SimpleNamespace
from typing import Any

import orjson

from deploy.local.mailbox import Entry
from tests.chaos.checker import Effects, judge_notices
from tests.chaos.load import MARK, ORDERS
from tests.chaos.parked import judge_parked
from tests.chaos.schedule import Fault
from tests.chaos.silence import Silence, causes, longest


def record(id: str, type: str, at: int = 0, *, offset: int = 0, subject: str = "", marked: bool = False, **body: Any) -> Any:
    headers = [("ce_id", id.encode()), ("ce_type", type.encode()), ("ce_subject", subject.encode()), *([MARK] if marked else [])]
    return SimpleNamespace(value=orjson.dumps(body), headers=headers, timestamp=at, partition=0, offset=offset)


def paid(id: str, payment: str) -> Any:
    return record(id, "payment.acknowledged.v1", payment_id=payment)


def reminded(id: str, invoice: str, told_at: int) -> Any:
    return record(id, "account.reminded.v1", invoice_id=invoice, account="r-0", told_at=told_at)


def seen(*records: Any) -> Effects:
    effects = Effects("r")
    effects.take(list(records))
    return effects


def test_a_repeat_is_no_second_effect() -> None:
    effects = seen(paid("a", "r.1.1"), paid("a", "r.1.1"), paid("b", "r.1.2"))
    assert (effects.repeats, effects.doubled, effects.reordered, effects.lost({"1": 2}, {})) == (1, 0, 0, [])


def test_what_is_lost_doubled_and_reordered() -> None:
    effects = seen(paid("a", "r.1.2"), paid("b", "r.1.1"), paid("c", "r.1.1"), paid("d", "r.2.1"), paid("e", "other.1.9"))
    assert (effects.doubled, effects.reordered) == (1, 1)
    assert effects.lost({"1": 3, "2": 1}, {"7": 1}) == ["Pr.1.3", "Rr.7.1"]


def test_an_account_is_reminded_in_the_order_in_which_it_became_true() -> None:
    assert seen(reminded("a", "r.1.1", 5), reminded("b", "r.2.1", 7), reminded("c", "r.3.1", 6)).reordered == 1
    assert seen(reminded("a", "r.2.1", 5), reminded("b", "r.1.1", 7)).reordered == 0


def test_nothing_is_silent_while_nothing_waits() -> None:
    assert longest({"a": 1, "b": 50}, {"a": 2, "b": 51}).seconds == 1


def test_silence_is_what_waits_and_does_not_come() -> None:
    assert longest({"a": 1, "b": 3, "c": 9}, {"a": 2, "b": 12, "c": 13}) == Silence(3, 9)
    assert longest({"a": 1, "b": 1}, {"a": 2, "b": 12}) == Silence(2, 10), "b waited all the time, but a came out"


def test_whose_silence_it_was() -> None:
    first, second = (1.0, 2.0, Fault(0, "kill", "a")), (10.0, 20.0, Fault(9, "freeze", "b", 10))
    assert causes(Silence(12, 5), [first, second]) == [str(second[2])]
    assert causes(Silence(40, 5), [first, second]) == [str(second[2])], "the last one before it"


def notice(id: str, state: str = "sent", **more: Any) -> dict[str, Any]:
    return {"id": id, "shipment_id": f"s-{id}", "state": state, "reason": None, "deliveries": [{"channel": "email", "state": state}]} | more


def mail(key: str, body: str = "It left.") -> Entry:
    return Entry(1, "", "email", f"<{key}@example.com>", "c@example.com", "", body, 250, False)


def told(id: str, state: str = "sent", event: str = "e") -> Any:
    return record(f"{event}-{id}", f"notice.{state}.v1", subject=id)


def test_notices_that_are_as_they_should_be() -> None:
    failed = notice("b", "failed", deliveries=[{"channel": "email", "state": "unsure"}])
    found = judge_notices([notice("a"), failed], {"s-a", "s-b"}, [mail("a"), mail("b"), mail("b")], [told("a"), told("b", "failed")])
    assert (found.sent, found.failed, found.silent, found.wrong) == (1, 1, 0, [])


def test_notices_that_are_not() -> None:
    def wrong(notices: list[Any], log: list[Entry], events: list[Any]) -> list[str]:
        return judge_notices(notices, {"s-a"}, log, events).wrong

    assert wrong([], [], []) == ["no notice for s-a"]
    assert "2 notices for s-a" in wrong([notice("a"), notice("b", shipment_id="s-a")], [mail("a"), mail("b")], [told("a"), told("b")])
    assert wrong([notice("a")], [], [told("a")]) == ["a never reached its gateway"]
    assert wrong([notice("a")], [mail("a"), mail("a", "It left!")], [told("a")]) == ["a came with 2 bodies"]
    assert wrong([notice("a")], [mail("a")] * 3, [told("a")]) == ["a was mailed 3 times"]
    assert wrong([notice("a", "planned")], [mail("a")], []) == ["a is planned (None)"]
    assert wrong([notice("a")], [mail("a")], [told("a"), told("a", event="f")]) == ["a: announced ['sent', 'sent'] instead of ['sent']"]
    assert wrong([notice("a", "failed")], [], [told("a", "failed")]) == ["a is failed (None)"], "only what may have been mailed may fail"


def row(offset: int, *, ours: bool = False) -> dict[str, Any]:
    return {"topic": ORDERS, "partition": 0, "offset": offset, "ours": ours, "message": "m", "code": "c"}


def rejected(id: str, offset: int) -> Any:
    told = record(id, "event.rejected.v1")
    told.value = orjson.dumps({"topic": ORDERS, "partition": 0, "offset": offset})
    return told


def test_what_must_be_parked_and_nothing_else() -> None:
    inbound = [record("x", "?", offset=3, marked=True), record("y", "payment.received.v1", offset=4)]
    assert judge_parked(inbound, [row(3)], [], [rejected("a", 3), rejected("a", 3)]).wrong == []
    assert judge_parked(inbound, [], [], [rejected("a", 3)]).wrong == [f"not parked: {(ORDERS, 0, 3)}"]
    assert judge_parked(inbound, [row(3), row(4)], [], [rejected("a", 3)]).wrong == [
        f"parked, and nothing was wrong with it: {(ORDERS, 0, 4)}"
    ]
    assert judge_parked(inbound, [row(3), row(3)], [], [rejected("a", 3)]).wrong == [f"parked 2 times: {(ORDERS, 0, 3)}"]
    assert judge_parked(inbound, [row(3)], [], [rejected("a", 3), rejected("b", 3)]).wrong == [f"told 2 times: {(ORDERS, 0, 3)}"]
    assert judge_parked(inbound, [row(3, ours=True)], [], [rejected("a", 3)]).wrong == ["parked for a fault of ours: m"]
