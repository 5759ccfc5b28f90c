"""Whom, when and in which words: the rules of what people at work are told; pure."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.followup.domain.audience import Audience, Later, Nobody, audience, chat_of, upwards, ways
from services.followup.domain.policy import Staff
from services.followup.domain.sending import Answer, Result
from services.followup.domain.staff_hours import held_until
from services.followup.domain.staff_message import MOST_TRIES, StaffMessage, prepare, settle, written
from services.followup.domain.staff_notice import State, overtake, requested
from services.followup.domain.staff_planning import letters, look_at
from services.followup.domain.staff_wording import MOST_LINES, worded
from shared.units import Unit, Units
from tests.followup.conftest import NOON, TRADE, local
from tests.followup.telling import CHATS, TEN, a_colleague, a_notice, asked, away, doors, staff

CALENDAR, POLICY = TRADE.calendar("headquarters"), TRADE.policy("headquarters")
HALF_HOURLY = Staff.model_validate({"channels": ["chat", "mail"], "urgent_any_time": False, "digest": "30 min"})
AT_ONCE = HALF_HOURLY.model_copy(
    update={"digest": Staff.model_validate({"channels": [], "urgent_any_time": False, "digest": "0 min"}).digest}
)
ANY_TIME = HALF_HOURLY.model_copy(update={"urgent_any_time": True})
FIXED = Staff.model_validate({"channels": ["mail"], "urgent_any_time": False, "digest_at": ["14:00", "09:30"]})
DAY = timedelta(days=1)
LEA, MAX = a_colleague("s-8", "supervisor"), a_colleague("s-9", "supervisor")


def to_whom(notice: Any, *colleagues: Any, chats: dict[str, int] | None = None, at: datetime = TEN) -> Any:
    return audience(notice, staff(*colleagues), chats or {}, trade=TRADE, at=at)


def ids(found: Any) -> list[str]:
    assert isinstance(found, Audience)
    return [it.id for it in found.people]


# -- to whom


def test_everybody_with_the_role_who_is_there_today_is_told() -> None:
    absent = a_colleague("s-7", "supervisor", absences=away("2026-01-06", "2026-01-06"))
    assert ids(to_whom(a_notice(), MAX, LEA, absent, a_colleague("s-1", "specialist"))) == ["s-8", "s-9"]
    assert ids(to_whom(a_notice(), absent, MAX, at=TEN + DAY)) == ["s-7", "s-9"]


def test_where_nobody_is_there_those_above_are_told_and_the_default_unit_at_last() -> None:
    assert ids(to_whom(a_notice(unit="overseas"), LEA, a_colleague("s-5", "supervisor", unit="overseas", active=False))) == ["s-8"]
    units = Units(default="hq", units={"hq": Unit(), "east": Unit(), "suzhou": Unit(parent="east")})
    assert list(upwards("suzhou", units)) == ["suzhou", "east", "hq"] and list(upwards("nowhere", units)) == ["hq"]
    assert to_whom(a_notice(), a_colleague("s-1", "specialist")) == Nobody("nobody")


def test_a_unit_that_is_above_itself_ends() -> None:
    units = Units(default="a", units={"a": Unit(parent="b"), "b": Unit(parent="a")})
    assert list(upwards("a", units)) == ["a", "b"]


def test_a_chat_is_read_though_the_directory_knows_nobody_of_it() -> None:
    found = to_whom(a_notice(), chats=CHATS)
    assert (ids(found), found.unit, found.roles) == ([], "headquarters", ["supervisor"])
    absent = a_colleague("s-9", "supervisor", absences=away("2026-01-01", None))
    assert to_whom(a_notice(), absent, chats=CHATS) == found, "nor where all of them are away"
    assert to_whom(a_notice(), absent) == Nobody("nobody"), "nobody knows when they are back"


def test_a_role_that_is_away_hears_when_the_first_of_them_is_back() -> None:
    soon, late = (
        a_colleague(id, "supervisor", absences=away("2026-01-05", until)) for id, until in (("s-8", "2026-01-07"), ("s-9", "2026-01-09"))
    )
    assert to_whom(a_notice(), late, soon) == Later(datetime(2026, 1, 7, 16, tzinfo=UTC), "absent")
    assert ids(
        to_whom(
            a_notice(unit="overseas"), MAX, a_colleague("s-5", "supervisor", unit="overseas", absences=away("2026-01-05", "2026-01-07"))
        )
    ) == ["s-9"]
    alone = a_colleague("s-2", "specialist", absences=away("2026-01-05", "2026-01-07"))
    assert to_whom(a_notice(to_staff="s-2", urgent=True), alone) == Later(datetime(2026, 1, 7, 16, tzinfo=UTC), "absent")


@pytest.mark.parametrize("urgent", [True, False])
def test_who_is_there_is_asked_when_it_leaves(urgent: bool) -> None:
    """Asked for at night, of whose only reader is away today only."""
    boss, notice = a_colleague("s-9", "supervisor", absences=away("2026-01-06", "2026-01-06")), a_notice(urgent=urgent, at=local(20))
    assert look_at(notice, staff(boss), doors({}), trade=TRADE, at=local(20)) is None
    assert (notice.state, notice.due_at) == (State.HELD, local(9) + DAY)
    assert look_at(notice, staff(boss), doors({}), trade=TRADE, at=local(9) + DAY) and notice.deliveries[0]["to"] == "s-9"


def test_whoever_has_another_role_or_unit_by_now_is_not_told() -> None:
    other = a_colleague("s-3", "specialist")
    for lost in (a_colleague("s-2", "reception"), a_colleague("s-2", "specialist", unit="overseas")):
        assert ids(to_whom(a_notice(to_staff="s-2", to_role="specialist"), lost, other)) == ["s-3"]
    leader = a_colleague("s-2", "leader")
    assert ids(to_whom(a_notice(to_staff="s-2", to_role="specialist"), leader, other)) == ["s-2"], "a leader may do it"
    assert to_whom(a_notice(to_staff="s-2"), a_colleague("s-2", "specialist", unit="overseas")) == Nobody("not theirs any more")


def test_somebody_who_is_away_is_told_when_they_are_back_or_their_role_if_it_is_urgent() -> None:
    person = a_colleague("s-2", "specialist", absences=away("2026-01-05", "2026-01-07"))
    other = a_colleague("s-3", "specialist")
    assert to_whom(a_notice(to_staff="s-2"), person, other) == Later(datetime(2026, 1, 7, 16, tzinfo=UTC), "absent")
    instead = to_whom(a_notice(to_staff="s-2", urgent=True), person, other)
    assert (ids(instead), instead.reason) == (["s-3"], "absent")
    for_ever = a_colleague("s-2", "specialist", absences=away("2026-01-05", None))
    assert ids(to_whom(a_notice(to_staff="s-2"), for_ever, other)) == ["s-3"], "nobody knows when they are back"


@pytest.mark.parametrize("gone", [[], [a_colleague("s-2", "specialist", active=False)]])
def test_whoever_is_not_here_any_more_is_not_told(gone: list[Any]) -> None:
    other = a_colleague("s-3", "specialist")
    assert to_whom(a_notice(to_staff="s-2"), *gone, other) == Nobody("not here any more")
    assert ids(to_whom(a_notice(to_staff="s-2", to_role="specialist"), *gone, other)) == ["s-3"]


def test_mail_to_everybody_and_the_chat_once() -> None:
    found = to_whom(a_notice(), LEA, MAX, a_colleague("s-7", "supervisor", email=None))
    assert ways(found, ["chat", "mail"], CHATS) == [("chat", "headquarters.supervisor"), ("mail", "s-8"), ("mail", "s-9")]
    assert ways(found, ["mail"], CHATS) == [("mail", "s-8"), ("mail", "s-9")]


def test_the_nearest_chat_is_theirs() -> None:
    chats = {"headquarters.supervisor": 1, "headquarters": 1, "*.supervisor": 1}
    assert chat_of("headquarters", ["leader", "supervisor"], chats) == "headquarters.supervisor"
    assert chat_of("headquarters", ["leader"], chats) == "headquarters" and chat_of("overseas", ["supervisor"], chats) == "*.supervisor"
    assert chat_of("overseas", ["leader"], chats) is None


# -- when


@pytest.mark.parametrize(
    ("policy", "urgent", "planned", "until", "why"),
    [
        (HALF_HOURLY, True, local(10, 5), None, None),
        (HALF_HOURLY, False, local(10, 5), local(10, 30), "digest"),
        (HALF_HOURLY, False, local(10, 30), None, None),  # the full half hour itself
        (HALF_HOURLY, False, local(17, 45), local(9) + DAY, "digest"),  # it would leave when the unit closes
        (HALF_HOURLY, True, local(20), local(9) + DAY, "out of hours"),
        (HALF_HOURLY, True, local(12, 10), local(13), "out of hours"),
        (ANY_TIME, True, local(23), None, None),
        (ANY_TIME, False, local(23), local(9) + DAY, "out of hours"),
        (AT_ONCE, False, local(10, 5), None, None),
        (AT_ONCE, False, local(20), local(9) + DAY, "out of hours"),
        (FIXED, False, local(9, 31), local(14), "digest"),
        (FIXED, False, local(14), None, None),
        (FIXED, False, local(14, 1), local(9, 30) + DAY, "digest"),
        (FIXED, False, local(15) + 3 * DAY, local(9, 30) + 6 * DAY, "digest"),  # a Friday
        (FIXED, True, local(15), None, None),
    ],
)  # fmt: skip
def test_when_it_leaves(policy: Staff, urgent: bool, planned: datetime, until: datetime | None, why: str | None) -> None:
    found = held_until(planned, policy, CALENDAR, urgent=urgent, at=planned)
    assert found == (None if until is None else (until, why))
    if found:
        assert held_until(planned, policy, CALENDAR, urgent=urgent, at=found[0]) is None, "then it does"


@pytest.mark.parametrize("wrong", [{}, {"digest": "30 min", "digest_at": ["09:00"]}, {"digest": "7 min"}, {"digest": "1 wd"}])
def test_one_of_both_says_when(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"digest|multiple"):
        Staff.model_validate({"channels": ["mail"], "urgent_any_time": True} | wrong)


# -- once


def test_the_same_request_is_one_notice_and_newer_news_overtakes() -> None:
    (risk,) = requested(asked("milestone_at_risk", milestone="plan"), at=TEN)
    assert requested(asked("milestone_at_risk", milestone="plan"), [risk], at=TEN) == []  # type: ignore[list-item]
    (missed,) = requested(asked("milestone_missed", milestone="plan"), [risk], at=TEN + DAY)  # type: ignore[list-item]
    assert (risk.state, risk.reason, missed.state) == (State.SKIPPED, "superseded", State.PLANNED)  # type: ignore[union-attr]


def test_what_is_moot_is_not_told_in_whichever_order_it_comes() -> None:
    moot = asked("task_over", "task:1", TEN, to_role="specialist", moot=True)
    (opened,) = requested(asked("task_opened", "task:1", to_role="specialist"), at=TEN)
    (over,) = requested(moot, [opened], at=TEN)  # type: ignore[list-item]
    assert (opened.state, opened.reason, over.state, over.reason) == (State.SKIPPED, "moot", State.SKIPPED, "moot")  # type: ignore[union-attr]
    (late,) = requested(asked("task_opened", "task:1", to_role="specialist"), [over], at=TEN + DAY, news_at=TEN - DAY)  # type: ignore[list-item]
    (again,) = requested(asked("task_opened", "task:1", DAY, to_role="specialist"), [over], at=TEN + DAY)  # type: ignore[list-item]
    assert (late.state, again.state) == (State.SKIPPED, State.PLANNED)  # type: ignore[union-attr]


def test_a_milestone_that_is_met_makes_only_its_own_alarms_moot() -> None:
    plan, result, escalated = a_notice(milestone="plan"), a_notice(milestone="result"), a_notice("complaint_escalated")
    overtake([plan, result, escalated], TEN, [a_notice("milestone_over", milestone="plan", moot=True, at=TEN + DAY)])
    assert (plan.reason, result.state, escalated.state) == ("moot", State.PLANNED, State.PLANNED)


def test_what_goes_back_overtakes_the_assignment() -> None:
    given = a_notice("task_assigned", "task:1", to_staff="s-2", to_role="specialist")
    back = a_notice("task_opened", "task:1", DAY, to_role="specialist", at=TEN + DAY)
    overtake([given, back], TEN + DAY)
    assert (given.reason, back.state) == ("superseded", State.PLANNED)


def test_what_speaks_of_another_thing_or_left_already_stays() -> None:
    plan, sent = a_notice("milestone_at_risk", milestone="plan"), a_notice("milestone_at_risk", milestone="result")
    sent.leaves([("mail", "s-8")], None)
    overtake([plan, sent, a_notice("milestone_missed", milestone="result", at=TEN + DAY)], TEN)
    assert (plan.state, sent.state) == (State.PLANNED, State.SENDING)


def test_whoever_has_it_by_now_is_told() -> None:
    first, second = (a_notice("task_assigned", "task:1", n, to_staff=f"s-{n}", to_role="specialist", at=TEN + n * DAY) for n in (1, 2))
    opened = a_notice("task_opened", "task:1", to_role="specialist", at=TEN)
    both = [a_notice("x", "y", n, to_staff=f"s-{n}", at=TEN + n * DAY) for n in (1, 2)]
    overtake([first, second, opened, *both], TEN)
    assert [it.state for it in (first, second, opened)] == [State.SKIPPED, State.PLANNED, State.SKIPPED]
    assert [it.state for it in both] == [State.PLANNED, State.PLANNED], "two people are two"


# -- all of it


def test_all_that_is_for_one_person_is_one_message() -> None:
    notices = [a_notice("milestone_missed", f"complaint:{n}", at=TEN, urgent=True) for n in range(3)]
    leaving = [it for notice in notices if (it := look_at(notice, staff(LEA, MAX), doors(), trade=TRADE, at=TEN))]
    found = letters(leaving, doors(), trade=TRADE, at=TEN)
    assert [(it.channel, it.recipient) for it in found] == [("chat", "headquarters.supervisor"), ("mail", "s-8"), ("mail", "s-9")]
    assert all(len(it.notices) == 3 and it.subject == "3 件事需要您处理" for it in found)
    assert len({it.id for it in found}) == 3 and found[0].id == letters(leaving, doors(), trade=TRADE, at=TEN + DAY)[0].id


def test_without_a_way_nobody_is_told_and_old_news_is_none() -> None:
    unreachable, old = a_notice(urgent=True), a_notice(urgent=True, at=TEN - 4 * DAY)
    assert look_at(unreachable, staff(LEA), doors({}, mail=False), trade=TRADE, at=TEN) is None
    assert (unreachable.state, unreachable.reason) == (State.SKIPPED, "no way to tell them")
    look_at(old, staff(LEA), doors(), trade=TRADE, at=TEN)
    assert (old.state, old.reason) == (State.SKIPPED, "too old")
    held = a_notice(urgent=True, at=local(20))
    look_at(held, staff(LEA), doors(), trade=TRADE, at=local(20))
    assert look_at(held, staff(LEA), doors(), trade=TRADE, at=local(9) + 6 * DAY) is not None, (
        "what waited for us to open has not grown old"
    )


# -- in which words


def test_what_is_said_in_both_languages() -> None:
    notice = a_notice("milestone_missed", "complaint:7", due_at=NOON, milestone="plan", urgent=True)
    assert worded([notice], "headquarters", TRADE) == ("投诉已超时", "投诉已超时 · 处理方案 · 最迟 01月06日 12:00 · /v1/complaints/7")
    profile = TRADE.profiles["standard"]
    profiles = {"standard": type(profile)(**{name: getattr(profile, name) for name in profile.__slots__} | {  # another language alone
        "policy": profile.policy.model_copy(update={"languages": ("en", "zh")})})}  # fmt: skip
    english = type(TRADE)(TRADE.units, profiles, TRADE.knowledge)
    assert worded([notice], "headquarters", english) == (
        "A complaint is late",
        "A complaint is late · plan · by 06 Jan 12:00 · /v1/complaints/7",
    )
    given = a_notice("task_assigned", "task:1", to_staff="s-2", task="carrier", of="order:SO-1")
    assert worded([given], "headquarters", english)[1] == "s-2: A task was assigned to you · talk to the carrier · order:SO-1"
    assert worded([a_notice("something_new", "thing:1")], "headquarters", english) == (
        "Something needs you",
        "Something needs you · thing:1",
    )


def test_a_long_list_is_cut_and_says_how_much_is_left() -> None:
    notices = [a_notice("milestone_missed", f"complaint:{n}", urgent=n == 79) for n in range(80)]
    _, text = worded(notices, "headquarters", TRADE)
    lines = text.split("\n")
    assert len(lines) == MOST_LINES + 2 and lines[-1] == "……另有 30 件" and lines[1].endswith("complaints/79"), "the most urgent first"
    _, short = worded(notices, "headquarters", TRADE, largest=500)
    assert len(short.encode()) <= 500 and f"另有 {80 - len(short.split(chr(10))) + 2} 件" in short


# -- out of the house


def a_message(**facts: Any) -> StaffMessage:
    it = written("mail", "s-8", "headquarters", [a_notice()], "subject", "text", TEN)
    for name, value in facts.items():
        setattr(it, name, value)
    return it


def attempt(it: StaffMessage, answer: Answer | None, at: datetime = TEN, **more: Any) -> bool:
    """One attempt and its answer; whether there was an attempt."""
    made = prepare(it, "s-8@example.com", policy=POLICY, calendar=CALENDAR, at=at)
    if made and answer:
        settle(it, Result(answer, **more), at)
    return made is not None


def test_what_may_have_been_taken_is_repeated_once_and_what_was_not_until_it_is_old() -> None:
    it = a_message()
    assert [attempt(it, Answer.UNSURE) for _ in range(3)] == [True, True, False] and it.state == "failed"
    it = a_message()
    assert all(attempt(it, Answer.BUSY) for _ in range(20)) and (it.state, it.tries) == ("sending", 0)
    assert not attempt(it, Answer.TAKEN, TEN + 6 * DAY) and (it.state, it.reason) == ("failed", "too old")


def test_nothing_is_tried_again_at_once_or_at_night() -> None:
    it = a_message()
    attempt(it, Answer.UNSURE)
    assert it.due_at == TEN + timedelta(minutes=5), "two seconds later whoever stumbled stumbles again"
    it, evening = a_message(), local(17, 59)
    attempt(it, Answer.BUSY, evening)
    assert not attempt(it, Answer.TAKEN, local(18, 1)) and (it.state, it.due_at, it.tries) == ("sending", local(9) + DAY, 0)
    assert attempt(it, Answer.TAKEN, it.due_at) and it.state == "sent"
    anytime = POLICY.model_copy(update={"staff": ANY_TIME})
    assert prepare(a_message(urgent=True), "s-8", policy=anytime, calendar=CALENDAR, at=local(23))


def test_what_waits_for_its_readers_to_work_again_is_tried_once_they_do_and_not_for_ever() -> None:
    friday = TEN + 3 * DAY
    it, at = a_message(planned_at=friday - DAY, due_at=friday), friday.replace(hour=10, minute=1)  # they closed a minute ago
    assert not attempt(it, None, at) and it.due_at == local(9) + 6 * DAY
    assert attempt(it, Answer.BUSY, it.due_at) and it.state == "sending", "older than news may be, but it waited for them"
    attempts = 0
    while it.state == "sending":
        attempts += attempt(it, Answer.BUSY, it.due_at)
    assert (it.reason, it.due_at.date()) == ("too old", (local(9) + 6 * DAY).date()) and attempts > 10


def test_a_gateway_that_asks_to_wait_is_waited_for() -> None:
    it = a_message()
    attempt(it, Answer.BUSY, wait=timedelta(minutes=10))
    assert it.due_at == TEN + timedelta(minutes=10)
    attempt(it, Answer.BUSY, wait=timedelta(days=10))
    assert it.due_at == TEN + timedelta(minutes=15)


def test_whoever_has_no_address_any_more_gets_nothing() -> None:
    it = a_message()
    assert prepare(it, None, policy=POLICY, calendar=CALENDAR, at=TEN) is None and (it.state, it.reason) == ("failed", "no address")


def test_it_is_told_when_one_way_told_it() -> None:
    notice = a_notice()
    notice.leaves([("chat", "c"), ("mail", "s-8")], "absent")
    notice.settle("chat", "c", "failed", "refused", TEN)
    assert notice.state is State.SENDING
    notice.settle("mail", "s-8", "sent", None, TEN)
    assert (notice.state, notice.reason, notice.sent_at) == (State.SENT, "absent", TEN)
    notice.leaves([("mail", "s-8")], None)
    notice.settle("mail", "s-8", "failed", "too old", TEN)
    assert (notice.state, notice.reason) == (State.FAILED, "too old")


@given(st.lists(st.sampled_from([*Answer, "crash"]), min_size=1, max_size=30))
def test_no_chain_of_answers_tells_twice_more_or_ends_nowhere(answers: list[Any]) -> None:
    it, possible = a_message(), 0
    for answer in answers:
        if not attempt(it, None if answer == "crash" else answer):
            break
        possible += answer in ("crash", Answer.UNSURE, Answer.TAKEN)
    assert possible <= MOST_TRIES
    assert it.state != "sending" or it.due_at > TEN, "it is looked at again"
