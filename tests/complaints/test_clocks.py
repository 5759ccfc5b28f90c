"""Clocks: started, warned, paused, resumed, met, missed or cancelled, each once; pure."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from services.complaints.domain.clock import Watch
from shared.clocks.clock import OPEN, State, Thing
from shared.clocks.deadlines import explain
from shared.clocks.terms import PROMISED, Facts, Terms
from shared.contracts.complaints import NoticeRequested
from shared.profiles.limits import Limit, Milestone
from shared.worktime.calendar import Calendar, CalendarPart
from shared.worktime.holidays import Knowledge
from tests.complaints.making import C1, TRADE

SHANGHAI = ZoneInfo("Asia/Shanghai")
PART = CalendarPart.model_validate({"hours": [{"since": "09:00", "until": "18:00"}]})
CALENDAR = Calendar("standard", PART, SHANGHAI, TRADE.knowledge)
THING = Thing("complaint:1", C1, C1, "headquarters")


def there(month: int, day: int, hour: int = 0, minute: int = 0) -> datetime:
    return datetime(2021, month, day, hour, minute, tzinfo=SHANGHAI).astimezone(UTC)


def terms(*limits: dict[str, Any], at_risk: float | None = 0.5) -> Terms:
    told = [Limit.model_validate({"rule": "ours"} | it) for it in limits]
    return Terms(Milestone(owner="specialist", at_risk=at_risk, limits=tuple(told)), {"": CALENDAR})


def started(it: Terms, received: datetime, *, first_heard: datetime | None = None, **facts: Any) -> Watch:
    moments = {"received": received} | facts.pop("moments", {})
    clock = Watch.start(THING, "plan", Facts(moments, **facts), it, TRADE.profile("headquarters"), first_heard or received)
    assert clock is not None
    return clock


def said(events: Sequence[Any]) -> list[Any]:
    """Who at work is to be told stands apart."""
    return [it for it in events if not isinstance(it, NoticeRequested)]


def names(events: Sequence[Any]) -> list[str]:
    return [it.name.split(".")[1] for it in said(events)]


THREE = terms({"within": "3 wd", "rule": "ours, D-02"})
THURSDAY = there(9, 30, 16)  # before seven days of holidays, a working Saturday and a Sunday


def test_it_warns_once_and_is_missed_once_as_of_its_due_moment() -> None:
    """D-31; also after hours in which nobody looked."""
    clock = started(THREE, THURSDAY)
    assert clock.due_at == there(10, 11, 18) and clock.at_risk_at and clock.next_at == clock.at_risk_at
    assert names(clock.tick(THREE, clock.at_risk_at)) == ["at_risk"] and clock.tick(THREE, clock.at_risk_at) == []
    late = there(10, 12, 3)
    (missed,) = said(clock.tick(THREE, late))
    assert (missed.name, missed.due_at, missed.rule) == ("milestone.missed.v1", there(10, 11, 18), "ours, D-02")
    assert (clock.state, clock.ended_at, clock.next_at) == (State.MISSED, there(10, 11, 18), None) and clock.tick(THREE, late) == []


def test_after_a_long_sleep_nobody_is_warned_of_what_is_missed_already() -> None:
    assert names(started(THREE, THURSDAY).tick(THREE, there(11, 1))) == ["missed"]


@pytest.mark.parametrize(("seconds", "state", "told"), [(-1, State.MET, []), (0, State.MET, []), (1, State.MISSED, ["missed"])])
def test_the_due_moment_itself_is_in_time(seconds: int, state: State, told: list[str]) -> None:
    clock = started(THREE, THURSDAY)
    at = clock.due_at + timedelta(seconds=seconds)
    assert names(clock.meet(THREE, at)) == told
    assert (clock.state, clock.done_at) == (state, at), "what was done late was done"
    assert clock.meet(THREE, at) == clock.cancel(THREE, at) == clock.tick(THREE, at + timedelta(days=9)) == []


def test_what_is_not_owed_any_more_is_cancelled() -> None:
    clock = started(THREE, THURSDAY)
    assert clock.cancel(THREE, THURSDAY) == [] and (clock.state, clock.done_at, clock.next_at) == (State.CANCELLED, None, None)


def test_a_pause_moves_it_by_the_working_time() -> None:
    """Thursday 16:00 to Monday 10:00: two hours, a day of nine, and one."""
    clock = started(THREE, there(9, 6, 10))
    assert clock.due_at == there(9, 9, 18)
    warned, paused = said(clock.pause(THREE, "awaiting_customer", there(9, 20), by="s-1", approved_by="s-9", at=there(9, 9, 16)))
    assert warned.name == "milestone.at_risk.v1" and (paused.name, paused.until, paused.approved_by) == (
        "milestone.paused.v1",
        there(9, 20),
        "s-9",
    )
    assert clock.tick(THREE, there(9, 13, 10)) == [], "it is not missed while it stands still"
    (resumed,) = clock.resume(THREE, by="s-2", at=there(9, 13, 10))
    assert (resumed.due_at, resumed.paused_seconds) == (there(9, 13, 12), (2 + 9 + 1) * 3600)
    assert clock.pauses[0]["due_before"] == there(9, 9, 18).isoformat() and clock.pauses[0]["due_after"] == there(9, 13, 12).isoformat()


def test_where_nobody_worked_meanwhile_what_was_left_is_left() -> None:
    """A calendar day ends at 24:00 on a Saturday; the pause began fourteen hours before and ended on Sunday."""
    it = terms({"within": "2 cd"})
    clock = started(it, there(9, 2, 10))
    assert clock.due_at == there(9, 5)
    clock.pause(it, "awaiting_customer", there(9, 20), by="s-1", approved_by=None, at=there(9, 4, 10))
    clock.resume(it, by="s-1", at=there(9, 5, 20))
    assert clock.due_at == there(9, 6, 10)


def test_a_pause_ends_at_its_limit_by_itself() -> None:
    clock = started(THREE, there(9, 6, 10))
    clock.pause(THREE, "awaiting_customer", there(9, 8, 9), by="s-1", approved_by=None, at=there(9, 7, 9))
    assert clock.next_at == there(9, 8, 9)
    resumed, warned = said(clock.tick(THREE, there(9, 10, 10)))
    assert (resumed.name, resumed.resumed_by, resumed.resumed_at) == ("milestone.resumed.v1", None, there(9, 8, 9))
    assert warned.name == "milestone.at_risk.v1" and clock.due_at == there(9, 10, 18)


def test_what_is_done_while_it_stands_still_is_met() -> None:
    clock = started(THREE, there(9, 6, 10))
    clock.pause(THREE, "awaiting_customer", there(9, 30), by="s-1", approved_by=None, at=there(9, 7, 9))
    assert clock.meet(THREE, there(9, 28)) == [] and clock.state is State.MET and clock.pauses[0]["stopped"] and clock.pause_until is None


SEVERE = terms(
    {"within": "15 cd"}, {"within": "3 wd", "when": {"severity": ["major"]}, "rule": "CMPL-L09"}, {"promised": True, "rule": "CMPL-05"}
)


def test_the_strictest_limit_that_applies_wins() -> None:
    """A15-1; what was promised counts like any other."""
    clock = started(SEVERE, there(9, 6, 10), severity="ordinary")
    assert (clock.due_at, [it["limit"]["rule"] for it in clock.reckoned]) == (there(9, 22), ["ours"])
    assert clock.reconsider(Facts({"received": there(9, 6, 10)}, severity="major"), SEVERE, there(9, 6, 11)) == []
    assert (clock.due_at, [it["limit"]["rule"] for it in clock.reckoned]) == (there(9, 9, 18), ["CMPL-L09", "ours"])
    promised = Facts({"received": there(9, 6, 10), PROMISED: there(9, 7, 12)}, severity="major")
    clock.reconsider(promised, SEVERE, there(9, 6, 12))
    assert (clock.due_at, clock.strictest.limit.promised) == (there(9, 7, 12), True)


def test_a_stricter_limit_may_have_passed_already() -> None:
    clock = started(SEVERE, there(9, 6, 10))
    assert names(clock.reconsider(Facts({"received": there(9, 6, 10)}, severity="major"), SEVERE, there(9, 15))) == ["missed"]


def test_where_no_limit_applies_any_more_those_hold_that_did() -> None:
    """A profile can be silent about what a complaint turns into. Its pauses go on moving it, and it can be told why."""
    it = terms({"within": "3 wd", "when": {"severity": ["minor"]}})
    clock = started(it, there(9, 6, 10), severity="minor")
    assert clock.reconsider(Facts({"received": there(9, 6, 10)}, severity="major"), it, there(9, 6, 11)) == []
    assert clock.due_at == there(9, 9, 18)
    clock.pause(it, "awaiting_customer", there(9, 30), by="s-1", approved_by=None, at=there(9, 7, 9))
    clock.resume(it, by="s-1", at=there(9, 8, 9))
    assert clock.due_at == there(9, 10, 18) and clock.next_at == clock.at_risk_at
    assert "moved to Friday 10 September 2021 18:00" in explain(clock, TRADE)["why"]["en"]


def test_where_it_ends_with_the_last_step_nothing_is_said_twice() -> None:
    it = explain(started(THREE, there(9, 6, 10)), TRADE)
    assert it["arithmetic"][-1]["code"] == "ends" and it["why"]["en"].endswith("; it ends on Thursday 9 September 2021 18:00.")
    assert it["why"]["zh"].endswith("；于2021年9月9日（周四）18:00到期。")


def test_without_a_limit_that_applies_there_is_no_clock() -> None:
    it = terms({"within": "15 cd", "since": "acknowledged"})
    assert Watch.start(THING, "result", Facts({"received": THURSDAY}), it, TRADE.profile("headquarters"), THURSDAY) is None


def test_what_had_passed_before_we_heard_of_it_is_not_watched() -> None:
    clock = started(THREE, THURSDAY, first_heard=there(10, 11, 18))
    assert clock.state is State.UNWATCHED and clock.tick(THREE, there(12, 1)) == [] and clock.next_at is None


def test_a_clock_keeps_the_terms_of_its_start() -> None:
    """As they were, whatever a profile says later; and with what is known of holidays later."""
    clock = started(THREE, THURSDAY)
    kept = Terms.load(clock.terms, TRADE.knowledge)
    assert kept.milestone == THREE.milestone and kept.calendars[""].part == PART and kept.calendars[""].zone == SHANGHAI
    assert [it.due for it in kept.reckon(Facts.load(clock.facts))] == [clock.strictest.due]


def test_beyond_the_last_notice_it_is_provisional_and_moves_when_the_notice_comes(tmp_path: Any) -> None:
    """The first year that nobody has announced. Then it is: the Monday and Tuesday after a Friday in March are off, and the Sunday before is worked."""
    last = TRADE.knowledge.known_until("CN")
    assert last
    friday = datetime(last.year + 1, 3, 1, 10, tzinfo=SHANGHAI)
    friday += timedelta(days=(4 - friday.weekday()) % 7)
    clock = started(THREE, friday)
    assert (clock.provisional, clock.known, clock.due_at) == (True, TRADE.knowledge.fingerprint("CN"), friday + timedelta(days=5, hours=8))
    sunday, monday, tuesday = (f"{friday + timedelta(days=days):%Y-%m-%d}" for days in (2, 3, 4))
    (tmp_path / "notice.toml").write_text(
        f'country = "CN"\nyear = {friday.year}\nsource = "a notice"\noff = [{{ since = {monday}, until = {tuesday}, name = "x" }}]\nwork = [{sunday}]\n'
    )
    known = Terms(THREE.milestone, {"": Calendar("standard", PART, SHANGHAI, Knowledge.read(tmp_path))})
    assert clock.reckon_anew(known, friday) and not clock.provisional
    assert clock.due_at == friday + timedelta(days=6, hours=8) and clock.next_at == clock.at_risk_at
    (move,) = clock.moves
    assert move["from"] == (friday + timedelta(days=5, hours=8)).astimezone(UTC).isoformat() and move["to"] == clock.due_at.isoformat()
    assert not clock.reckon_anew(known, friday) and len(clock.moves) == 1


class Life(RuleBasedStateMachine):
    """Whatever happens in whatever order: one end, one warning at most, and nothing after the end."""

    @initialize(minutes=st.integers(0, 60 * 24 * 300), which=st.sampled_from([THREE, SEVERE]))
    def begin(self, minutes: int, which: Terms) -> None:
        self.now = there(1, 4) + timedelta(minutes=minutes)
        self.terms, self.clock = which, started(which, self.now)
        self.said: list[Any] = []
        self.ended: tuple[Any, ...] | None = None

    @rule(minutes=st.sampled_from([0, 1, 59, 60 * 7, 60 * 24, 60 * 24 * 5]))
    def wait(self, minutes: int) -> None:
        self.now += timedelta(minutes=minutes)

    @rule()
    def look(self) -> None:
        self.said += self.clock.tick(self.terms, self.now)

    @rule(hours=st.integers(1, 200))
    def pause(self, hours: int) -> None:
        before = self.clock.due_at
        self.said += self.clock.pause(
            self.terms, "awaiting_customer", self.now + timedelta(hours=hours), by="s-1", approved_by=None, at=self.now
        )
        assert self.clock.due_at >= before

    @rule()
    def resume(self) -> None:
        before = self.clock.due_at
        self.said += self.clock.resume(self.terms, by="s-1", at=self.now)
        assert self.clock.due_at >= before

    @rule(severity=st.sampled_from(["minor", "major", None]))
    def judge(self, severity: str | None) -> None:
        moments = Facts.load(self.clock.facts).moments
        self.said += self.clock.reconsider(Facts(moments, severity=severity), self.terms, self.now)

    @rule()
    def meet(self) -> None:
        self.said += self.clock.meet(self.terms, self.now)
        assert not self.clock.is_open

    @rule()
    def cancel(self) -> None:
        self.said += self.clock.cancel(self.terms, self.now)
        assert not self.clock.is_open

    @invariant()
    def each_once(self) -> None:
        told = names(self.said)
        assert told.count("missed") == (self.clock.state is State.MISSED) and told.count("at_risk") <= 1
        assert 0 <= told.count("paused") - told.count("resumed") <= 1
        assert "missed" not in told or told[-1] == "missed"
        now = (self.clock.state, self.clock.ended_at, self.clock.due_at)
        assert self.ended in (None, now), "an end is an end"
        if self.clock.state not in OPEN:
            self.ended = now
        assert (self.clock.next_at is None) == (self.clock.state not in OPEN)

    def teardown(self) -> None:
        """Time itself ends it."""
        for _ in range(3):
            self.said += self.clock.tick(self.terms, self.now + timedelta(days=900))
        assert self.clock.state not in OPEN
        self.each_once()


TestLife = Life.TestCase
TestLife.settings = settings(deadline=None, derandomize=True, max_examples=60)
