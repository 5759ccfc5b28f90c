"""The judge finds what it is there to find: each wrong is planted among records with which all is well."""

import json
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field, replace

import pytest

from shared.topics import SERVICES
from tests.fuzz.changing import Fate
from tests.fuzz.draft import TELLTALE, draft
from tests.fuzz.evidence import leaks
from tests.fuzz.judge import Evidence, Place, Row, inbox_id, judge, names
from tests.fuzz.stream import Sent

READERS = {"order.shipped.v1": {"customers", "followup"}}
GOOD_REASON = Row("invalid", "It must be a string.", "/order_id")


def sent(number: int, fate: Fate, *at: str, offset: int | None = None) -> Sent:
    it = draft("r", number, "order.shipped.v1", customer="c")
    return Sent(str(number), it, ("wrong type",), at, fate, 0, number if offset is None else offset)


@dataclass
class Scene:
    """One handled, one parked, one sent twice: nothing is wrong."""

    sent: list[Sent] = field(default_factory=list)
    evidence: dict[str, Evidence] = field(default_factory=lambda: {name: Evidence() for name in SERVICES})
    told: Counter[Place] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        self.sent = [
            sent(0, Fate.HANDLED, ""),
            sent(1, Fate.PARKED, "/order_id"),
            sent(2, Fate.EITHER, ""),
            sent(2, Fate.EITHER, "", offset=3),
        ]
        for it in (self.sent[0], self.sent[2]):
            for service in ("customers", "followup"):
                self.evidence[service].inbox.add(inbox_id(it))
        self.park(self.sent[1], GOOD_REASON)

    def park(self, it: Sent, row: Row, service: str = "customers") -> None:
        self.evidence[service].parked[it.place] = row
        self.told[it.place] = 0 if row.ours else 1

    def forget(self, it: Sent, service: str) -> None:
        self.evidence[service].inbox.discard(inbox_id(it))

    def wrong(self) -> str:
        return "\n".join(what for _, what in judge(self.sent, self.evidence, self.told, READERS).wrong)


def test_a_scene_where_all_is_well() -> None:
    scene = Scene()
    verdict = judge(scene.sent, scene.evidence, scene.told, READERS)
    assert (
        verdict.wrong == []
        and verdict.by_kind["wrong type"] == {"handled": 2, "parked": 1, "repeat": 1}
        and verdict.codes == {"invalid": 1}
    )


PLANTED: dict[str, tuple[str, Callable[[Scene], object]]] = {
    "it was never published": ("never published", lambda it: it.sent.append(replace(sent(9, Fate.EITHER), offset=None))),
    "its owner forgot it": ("is lost: neither", lambda it: it.forget(it.sent[0], "customers")),
    "another reader forgot it": ("is lost for followup", lambda it: it.forget(it.sent[0], "followup")),
    "nothing was wrong and it is parked": ("nothing is wrong", lambda it: it.park(it.sent[0], GOOD_REASON)),
    "it should have been parked": ("should have been parked", lambda it: it.sent[0].__setattr__("fate", Fate.PARKED)),
    "a fault of ours": ("a fault of ours", lambda it: it.park(it.sent[1], Row("handler", "KeyError at orders.py:17", ours=True))),
    "another field is named": ("does not name", lambda it: it.park(it.sent[1], replace(GOOD_REASON, pointer="/carrier/code"))),
    "nothing is named": ("does not name", lambda it: it.park(it.sent[1], replace(GOOD_REASON, pointer=None))),
    "no sentence": ("does not name", lambda it: it.park(it.sent[1], replace(GOOD_REASON, message=""))),
    "a value is told": ("tells a value", lambda it: it.park(it.sent[1], replace(GOOD_REASON, message=f"{TELLTALE} is no id."))),
    "nobody told its publisher": ("rejected 0 times", lambda it: it.told.clear()),
    "it was told twice": ("rejected 2 times", lambda it: it.told.update([it.sent[1].place])),
    "handled and rejected": ("handled and rejected", lambda it: it.told.update([it.sent[0].place])),
    "another service parked it too": ("followup parked", lambda it: it.park(it.sent[1], GOOD_REASON, "followup")),
    "something else is parked": ("customers parked", lambda it: it.evidence["customers"].parked.update({("careloop.customers", 0, 7): GOOD_REASON})),
    "something else was rejected": ("nobody published", lambda it: it.told.update([("careloop.inbound.orders", 5, 5)])),
    "mended and still open": ("is still open", lambda it: it.park(it.sent[2], replace(GOOD_REASON, pointer=""))),
}  # fmt: skip


@pytest.mark.parametrize("what", PLANTED)
def test_what_is_planted_is_found(what: str) -> None:
    scene, (said, plant) = Scene(), PLANTED[what]
    plant(scene)
    assert said in scene.wrong()


@pytest.mark.parametrize(("at", "pointer", "message", "good"), [
    ("/carrier", "/carrier/code", "It is required.", True), ("/carrier/code", "/carrier", "It must be an object.", True), ("/carrier", "/carriers", "x", False),
    ("/order_id", "", "One of order_id and project_id is required.", True), ("/order_id", "", "It must be an object.", False),
    ("/order_id", None, "order_id", False), ("", "", "It is not JSON in UTF-8.", True), ("", None, "The value is larger than 256 KiB.", True), ("", None, "It is refused.", False),
    ("ce_id", None, "ce_id is missing.", True), ("ce_id", None, "ce_idle is missing.", False), ("ce_id", None, "An attribute is wrong.", False),
    ("id", None, "ce_id is missing.", False), ("topic", None, "Events of this type belong on careloop.inbound.orders.", True), ("*", "/x", "It is required.", True),
    ("*", None, "ce_time is missing.", True), ("*", None, "Something is wrong.", False), ("key", None, "The key of a null value says who.", True),
])  # fmt: skip
def test_a_reason_names_the_field(at: str, pointer: str | None, message: str, good: bool) -> None:
    assert names((at,), Row("invalid", message, pointer)) is good


def test_a_log_that_tells_a_value_or_of_a_bug_is_found() -> None:
    fine = json.dumps({"event": "parked", "level": "warning", "event_id": TELLTALE})
    leak, bug = (
        json.dumps({"event": f"parked {TELLTALE}", "level": "warning"}),
        json.dumps({"event": "a reaction failed", "level": "error"}),
    )
    assert leaks("customers", [fine]) == []
    assert [len(leaks("customers", [line])) for line in (leak, bug, "Traceback (most recent call last):")] == [1, 1, 1]
