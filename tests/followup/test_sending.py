"""How a notice leaves, and what each answer of a gateway does to it; pure."""

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.followup.domain.contact import Contact
from services.followup.domain.news import news_of
from services.followup.domain.notice import Notice, State, planned
from services.followup.domain.sending import Answer, Result, prepare, settle
from tests.followup.conftest import NOON, TRADE, local
from tests.followup.test_news import POLICY, UNIT, a_contact, an_order, shipped

BOTH = {"emails": ["c1@example.com"], "phones": ["+8613800138000"]}


def a_notice(contact: Contact) -> Notice:
    order = an_order()
    shipped(order)
    return planned(news_of(order, POLICY, UNIT)[0], order, contact, "headquarters", NOON)


def send(notice: Notice, contact: Contact, answer: Answer, at: Any = NOON) -> str | None:
    """One attempt and its answer; the channel, if there was an attempt."""
    attempt, _ = prepare(notice, contact, trade=TRADE, at=at)
    if attempt:
        settle(notice, attempt.channel, Result(answer, reason="x"), at)
    return attempt.channel if attempt else None


@pytest.mark.parametrize(("hour", "minute", "state"), [(20, 59, State.SENT), (21, 0, State.HELD), (7, 59, State.HELD), (8, 0, State.SENT)])
def test_short_messages_rest_at_night(hour: int, minute: int, state: State) -> None:
    """FLUP-03"""
    contact = a_contact(emails=[], phones=["+8613800138000"])
    notice = a_notice(contact)
    at = local(hour, minute)
    send(notice, contact, Answer.TAKEN, at)
    assert notice.state is state
    if state is State.HELD:
        assert (notice.reason, notice.due_at) == ("quiet hours", local(8) + timedelta(days=hour >= 8))


def test_the_customers_own_zone_counts() -> None:
    contact = a_contact(emails=[], phones=["+13125550100"], time_zone="America/Chicago")
    notice = a_notice(contact)
    send(notice, contact, Answer.TAKEN, local(12))
    assert notice.state is State.HELD


def test_mail_goes_at_any_hour_and_the_preferred_channel_goes_first() -> None:
    contact = a_contact(**BOTH, preferred_channel="email")
    assert send(a_notice(contact), contact, Answer.TAKEN, local(23)) == "email"
    contact = a_contact(**BOTH, preferred_channel="sms")
    assert send(a_notice(contact), contact, Answer.TAKEN, local(12)) == "sms"


def test_a_refused_channel_leads_to_the_next_and_the_last_one_to_failure() -> None:
    contact = a_contact(**BOTH)
    notice = a_notice(contact)
    assert [send(notice, contact, Answer.REFUSED) for _ in range(3)] == ["email", "sms", None]
    assert notice.state is State.FAILED


def test_a_mail_is_repeated_once_and_then_tried_another_way() -> None:
    contact = a_contact(**BOTH)
    notice = a_notice(contact)
    assert [send(notice, contact, Answer.UNSURE) for _ in range(3)] == ["email", "email", "sms"]
    assert [it["state"] for it in notice.deliveries] == ["unsure", "sending"]


def test_what_a_gateway_may_have_is_neither_changed_nor_overtaken() -> None:
    contact = a_contact(emails=[], phones=["+8613800138000"])
    notice = a_notice(contact)
    first, _ = prepare(notice, contact, trade=TRADE, at=NOON)
    contact.phones, contact.language = ["+8613900139000"], "en"
    settle(notice, "sms", Result(Answer.UNSURE), NOON)
    assert notice.state is State.SENDING
    second, _ = prepare(notice, contact, trade=TRADE, at=NOON)
    assert first and second and (first.to, first.text) == (second.to, second.text)


def test_what_a_gateway_certainly_does_not_have_may_be_overtaken() -> None:
    contact = a_contact()
    notice = a_notice(contact)
    send(notice, contact, Answer.BUSY)
    assert notice.state is State.PLANNED and notice.due_at > NOON


def test_old_news_is_not_told_even_when_it_was_planned_in_time() -> None:
    contact = a_contact()
    notice = a_notice(contact)
    send(notice, contact, Answer.TAKEN, NOON + timedelta(hours=71))
    assert notice.state is State.SKIPPED and notice.reason == "too old"


def test_no_contact_no_attempt() -> None:
    contact = a_contact(emails=[])
    notice = a_notice(a_contact())
    assert send(notice, contact, Answer.TAKEN) is None
    assert notice.state is State.AWAITING_CONTACT


@given(st.lists(st.sampled_from([*Answer, "crash"]), min_size=1, max_size=30))
def test_no_chain_of_answers_mails_twice_more_or_ends_nowhere(answers: list[Any]) -> None:
    contact = a_contact(**BOTH)
    notice, possible = a_notice(contact), {"email": 0, "sms": 0}
    for answer in answers:
        attempt, _ = prepare(notice, contact, trade=TRADE, at=NOON)
        if attempt is None:
            continue
        if answer != "crash":
            settle(notice, attempt.channel, Result(answer), NOON)
        possible[attempt.channel] += answer in ("crash", Answer.UNSURE, Answer.TAKEN)
        if notice.state in (State.SENT, State.FAILED):
            break
    assert possible["email"] <= 2
    assert not [it for it in notice.deliveries if "to" in it and notice.state in (State.SENT, State.FAILED)]
