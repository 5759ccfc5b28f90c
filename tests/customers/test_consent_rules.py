"""What consents permit, as rules: in whatever order they are heard of, whoever tells of them, and never more than was said."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from itertools import permutations
from typing import Any
from uuid import uuid4

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.customers.domain.consent import (
    Channel,
    Consent,
    ConsentState,
    EvidenceKind,
    Matter,
    Purpose,
    Withdrawal,
    hear,
    withdrawals_in,
)
from services.customers.domain.customer import Customer, CustomerState
from services.customers.domain.disclosure import DisclosurePurpose, FileField, LegalBasis, NoConsent, NotForYou, Wanted, disclose, values_of
from services.customers.domain.grant import (
    AlreadyWithdrawn,
    Granted,
    NeedsNone,
    NobodyOnFile,
    NotYetSaid,
    OverBeforeItBegins,
    WhichThirdParty,
    grant,
    withdraw,
)
from shared.contracts.customers import ConsentGranted, ConsentWithdrawn
from shared.errors import Refusal
from tests.makers import LONG_AGO as MONDAY

MARKETING, THIRD = Purpose.MARKETING, Purpose.THIRD_PARTY_DISCLOSURE
REF = "erp/C-1"


def day(number: float) -> datetime:
    return MONDAY + timedelta(days=number)


def a_customer(**facts: Any) -> Customer:
    customer = Customer.mentioned(REF, source="/erp", unit="headquarters", at=MONDAY)
    customer.put(**{"state": CustomerState.REGISTERED, "phones": ["+8613800138000"], "display_name": "Example Steel"} | facts)
    return customer


def a_consent(purpose: Purpose = MARKETING, granted: float = 0, **facts: Any) -> Consent:
    return Consent(**{"id": uuid4(), "customer_id": uuid4(), "purpose": purpose, "granted_at": day(granted), "recorded_at": day(0)} | facts)


def told(purpose: Purpose = MARKETING, **facts: Any) -> Granted:
    usual: dict[str, Any] = {
        "channel": None, "recipient": None, "fields": [], "granted_at": day(0), "valid_until": None,
        "evidence_kind": EvidenceKind.PAPER, "evidence": "folder 7",
    }  # fmt: skip
    return Granted(purpose, **usual | facts)


# -- what is permitted


@pytest.mark.parametrize(
    ("facts", "withdrawals", "state"),
    [
        ({}, [], ConsentState.IN_FORCE),
        ({"granted_at": day(3)}, [], ConsentState.NOT_YET),
        ({"valid_until": day(2)}, [], ConsentState.EXPIRED),
        ({"valid_until": day(3)}, [], ConsentState.IN_FORCE),
        ({"ended_at": day(1)}, [], ConsentState.ENDED),
        ({}, [Withdrawal(MARKETING, None, None, day(1))], ConsentState.WITHDRAWN),
        ({}, [Withdrawal(MARKETING, None, None, day(3))], ConsentState.WITHDRAWN),  # whatever the clock of who heard it
        ({"granted_at": day(1)}, [Withdrawal(MARKETING, None, None, day(0))], ConsentState.IN_FORCE),  # granted anew
        ({"granted_at": day(1)}, [Withdrawal(MARKETING, None, None, day(1))], ConsentState.WITHDRAWN),  # in doubt, no
        ({"channel": Channel.SMS}, [Withdrawal(MARKETING, None, None, day(1))], ConsentState.WITHDRAWN),
        ({}, [Withdrawal(MARKETING, Channel.SMS, None, day(1))], ConsentState.IN_FORCE),  # by other channels
        ({}, [Withdrawal(Purpose.RECORDING, None, None, day(1))], ConsentState.IN_FORCE),
    ],
)
def test_how_a_consent_stands(facts: dict[str, Any], withdrawals: list[Withdrawal], state: ConsentState) -> None:
    consent = a_consent(**facts)
    assert consent.state(withdrawals, day(2)) is state
    assert consent.permits(consent.matter, withdrawals, day(2)) is (state is ConsentState.IN_FORCE)


def test_who_says_no_to_one_channel_is_not_reached_there_by_a_wider_consent() -> None:
    wide, no = a_consent(), [Withdrawal(MARKETING, Channel.SMS, None, day(1))]
    assert wide.permits(Matter(MARKETING, Channel.EMAIL), no, day(2)) and not wide.permits(Matter(MARKETING, Channel.SMS), no, day(2))


def test_a_consent_to_one_channel_or_recipient_is_none_to_another() -> None:
    assert not a_consent(channel=Channel.SMS).permits(Matter(MARKETING, Channel.PHONE), [], day(1))
    assert not a_consent(channel=Channel.SMS).permits(Matter(MARKETING), [], day(1))
    named = a_consent(THIRD, recipient="SF Express")
    assert named.permits(Matter(THIRD, recipient=" sf  express"), [], day(1))
    assert not named.permits(Matter(THIRD, recipient="SF Expres"), [], day(1)) and not named.permits(Matter(THIRD), [], day(1))


days = st.integers(0, 12).map(lambda number: day(number / 2))
consents = st.builds(
    a_consent,
    st.sampled_from([MARKETING, THIRD]),
    channel=st.sampled_from([None, Channel.SMS, Channel.EMAIL]),
    recipient=st.sampled_from([None, "a", "b"]),
    fields=st.lists(st.sampled_from(["phones", "emails", "address"]), unique=True),
    granted_at=days,
    valid_until=st.none() | days,
    ended_at=st.none() | days,
    withdrawn_at=st.none() | days,
)
matters = st.builds(
    Matter,
    st.sampled_from([MARKETING, THIRD]),
    st.sampled_from([None, Channel.SMS, Channel.EMAIL]),
    st.sampled_from([None, "a", "b"]),
)


@settings(deadline=None, derandomize=True)
@given(st.lists(consents, max_size=4), matters, days)
def test_consents_commute(all_: list[Consent], matter: Matter, at: datetime) -> None:
    verdicts = {any(it.permits(matter, withdrawals_in(order), at) for it in order) for order in permutations(all_)}
    assert len(verdicts) == 1 or not all_


@settings(deadline=None, derandomize=True)
@given(st.lists(consents, max_size=6), matters, days)
def test_what_is_withdrawn_or_expired_never_permits(all_: list[Consent], matter: Matter, at: datetime) -> None:
    withdrawals = withdrawals_in(all_)
    for it in all_:
        if it.permits(matter, withdrawals, at):
            assert it.granted_at <= at
            assert it.valid_until is None or at < it.valid_until
            assert it.ended_at is None or at < it.ended_at
            assert not it.is_withdrawn
            assert it.purpose == matter.purpose and it.channel in (None, matter.channel) and it.recipient in (None, matter.recipient)


@settings(deadline=None, derandomize=True)
@given(st.lists(consents, max_size=6), matters, days, st.data())
def test_another_withdrawal_never_permits_more(all_: list[Consent], matter: Matter, at: datetime, data: st.DataObject) -> None:
    before = {it.id for it in all_ if it.permits(matter, withdrawals_in(all_), at)}
    more = [*withdrawals_in(all_), Withdrawal(matter.purpose, matter.channel, matter.recipient, data.draw(days))]
    assert {it.id for it in all_ if it.permits(matter, more, at)} <= before


@settings(deadline=None, derandomize=True)
@given(consents, st.lists(days, min_size=1, max_size=4), days)
def test_the_last_withdrawal_of_a_matter_stands_for_all(consent: Consent, moments: list[datetime], at: datetime) -> None:
    """So the store need read no other, however far ahead the last one is."""
    all_ = [Withdrawal(consent.purpose, consent.channel, consent.recipient, it) for it in moments]
    last = max(all_, key=lambda it: it.at)
    assert consent.permits(consent.matter, [last], at) == consent.permits(consent.matter, all_, at)


# -- what is given to us over the counter


def test_a_grant_is_a_consent_and_an_announcement_without_its_evidence() -> None:
    consent, event = grant(a_customer(), told(channel=Channel.SMS), by="s-1", at=day(1))
    assert isinstance(consent, Consent) and isinstance(event, ConsentGranted)
    assert (consent.evidence, consent.recorded_by, event.consent_id, event.channel) == ("folder 7", "s-1", consent.id, "sms")
    assert "folder" not in event.model_dump_json()


def test_the_same_grant_is_the_same_consent() -> None:
    one, same = (grant(a_customer(), told(), by=by, at=day(1))[0] for by in ("s-1", "s-2"))
    later = grant(a_customer(), told(granted_at=day(1)), by="s-1", at=day(1))[0]
    assert isinstance(one, Consent) and isinstance(same, Consent) and isinstance(later, Consent)
    assert one.id == same.id != later.id


@pytest.mark.parametrize(
    ("wrong", "kind", "field"),
    [
        ({"purpose": Purpose.SERVICE}, NeedsNone, "/purpose"),
        ({"recipient": "SF Express"}, WhichThirdParty, "/recipient"),
        ({"fields": ["phones"]}, WhichThirdParty, "/fields"),
        ({"purpose": THIRD, "fields": ["phones"]}, WhichThirdParty, "/recipient"),
        ({"purpose": THIRD, "recipient": "*"}, WhichThirdParty, "/fields"),
        ({"granted_at": day(2)}, NotYetSaid, "/granted_at"),
        ({"valid_until": day(0)}, OverBeforeItBegins, "/valid_until"),
    ],
)
def test_what_can_not_be_granted(wrong: dict[str, Any], kind: type[Refusal], field: str) -> None:
    with pytest.raises(kind) as refused:
        grant(a_customer(), told(**wrong), by="s-1", at=day(1))
    assert refused.value.field == field


def test_nothing_is_granted_by_who_is_gone() -> None:
    with pytest.raises(NobodyOnFile):
        grant(a_customer(state=CustomerState.REDIRECTED), told(), by="s-1", at=day(1))


def test_it_is_taken_back_once_and_not_before_it_was_given() -> None:
    consent = a_consent(granted=1)
    for moment, kind in ((day(3), NotYetSaid), (day(0), OverBeforeItBegins)):
        with pytest.raises(kind):
            withdraw(consent, a_customer(), withdrawn_at=moment, by="s-1", at=day(2))
    _, event = withdraw(consent, a_customer(), withdrawn_at=day(2), by="s-1", at=day(2))
    assert isinstance(event, ConsentWithdrawn) and (event.by_customer, event.withdrawn_at) == (True, day(2))
    with pytest.raises(AlreadyWithdrawn):
        withdraw(consent, a_customer(), withdrawn_at=day(2), by="s-1", at=day(2))


def test_what_another_s_clock_says_ahead_of_ours_is_said_now() -> None:
    soon = day(2) + timedelta(minutes=4)
    consent, event = grant(a_customer(), told(granted_at=soon), by="s-1", at=day(2))
    assert isinstance(consent, Consent) and isinstance(event, ConsentGranted) and consent.granted_at == event.granted_at == day(2)
    assert consent.id == told(granted_at=soon).id_for(a_customer())  # the same request a minute later is the same consent
    _, over = withdraw(consent, a_customer(), withdrawn_at=soon, by="s-1", at=day(2))
    assert isinstance(over, ConsentWithdrawn) and consent.withdrawn_at == over.withdrawn_at == day(2)


# -- what sources list


def listing(*lists: Sequence[dict[str, Any]], known: Sequence[Consent] = ()) -> tuple[list[Consent], list[str]]:
    """One declaration after the other, a day apart; the consents in the end, and what was announced."""
    customer, rows, names = a_customer(), list(known), []
    for number, told in enumerate(lists, 1):
        outcome = hear([customer], REF, "/erp", told, rows, told_at=day(number), at=day(number))
        rows += [it for it in outcome if isinstance(it, Consent)]
        names += [it.name for it in outcome if isinstance(it, ConsentGranted | ConsentWithdrawn)]
    return rows, names


def item(purpose: str = "marketing", **facts: Any) -> dict[str, Any]:
    return {"purpose": purpose, "channel": None, "granted_at": None, "evidence": "web form"} | facts


GRANTED, WITHDRAWN = "consent.granted.v1", "consent.withdrawn.v1"


@pytest.mark.parametrize(
    ("lists", "names", "standing"),
    [
        ([[item()], [item()]], [GRANTED], 1),
        ([[item()], []], [GRANTED, WITHDRAWN], 0),
        ([[item()], [], [item()]], [GRANTED, WITHDRAWN, GRANTED], 1),
        ([[item(), item("recording")], [item("recording")]], [GRANTED, GRANTED, WITHDRAWN], 1),
        ([[item("Birthday Greeting", channel="SMS")]], [GRANTED], 1),
        ([[item("world domination"), item(channel="pigeon"), {"purpose": None}]], [], 0),  # they permit nothing
    ],
)
def test_what_a_source_lists_holds_while_it_does(lists: Any, names: list[str], standing: int) -> None:
    rows, announced = listing(*lists)
    assert announced == names
    assert sum(it.state(withdrawals_in(rows), day(9)) is ConsentState.IN_FORCE for it in rows) == standing


def test_what_a_customer_took_back_a_source_can_not_give_back_by_repeating_itself() -> None:
    rows, _ = listing([item(granted_at=MONDAY.isoformat())])
    withdraw(rows[0], a_customer(), withdrawn_at=day(2), by="s-1", at=day(2))
    for again in ([item(granted_at=MONDAY.isoformat())], [item()]):
        same, names = listing([], again, known=rows)
        assert names == [] and same[0].state(withdrawals_in(same), day(9)) is ConsentState.WITHDRAWN
    anew, names = listing([item(granted_at=day(3).isoformat())], known=rows)
    assert names == [GRANTED] and anew[0].state(withdrawals_in(anew), day(9)) is ConsentState.IN_FORCE


def test_what_a_source_ends_is_not_taken_back_by_the_customer() -> None:
    """Of two sources that list the same one goes: the customer never said no."""
    rows, _ = listing([item()], [])
    other = a_consent()
    assert other.permits(Matter(MARKETING), withdrawals_in([*rows, other]), day(9))


def test_an_old_record_or_a_stranger_changes_nothing() -> None:
    assert hear([], REF, "/erp", [item()], [], told_at=day(1), at=day(1)) == []


# -- what may be given away


def wanted(*fields: FileField, recipient: str = "SF Express", basis: LegalBasis = LegalBasis.CONSENT) -> Wanted:
    return Wanted(recipient, DisclosurePurpose.DELIVERY, fields, basis, "procedure 12")


def give(wanted: Wanted, *consents: Consent, officer: bool = False) -> Any:
    customer = a_customer()
    return disclose(customer, wanted, consents, withdrawals_in(consents), is_privacy_officer=officer, by="s-1", at=day(2))


def test_two_consents_may_allow_it_together() -> None:
    phones, name = a_consent(THIRD, recipient="sf express", fields=["phones"]), a_consent(THIRD, fields=["display_name"])
    made = give(wanted(FileField.PHONES, FileField.DISPLAY_NAME), phones, name, a_consent(THIRD, fields=["emails"]))
    assert (made.fields, sorted(made.consents)) == (["display_name", "phones"], sorted(map(str, (phones.id, name.id))))


@settings(deadline=None, derandomize=True)
@given(
    st.lists(consents, max_size=4),
    st.lists(st.sampled_from([FileField.PHONES, FileField.EMAILS, FileField.ADDRESS]), min_size=1, unique=True),
    st.sampled_from(["a", "b"]),
)
def test_fields_are_never_more_than_a_consent_in_force_names(all_: list[Consent], fields: list[FileField], recipient: str) -> None:
    at, withdrawals = day(2), withdrawals_in(all_)
    allowed = {field for it in all_ if it.permits(Matter(THIRD, recipient=recipient), withdrawals, at) for field in it.fields}
    asked = wanted(*fields, recipient=recipient)
    if {*fields} <= allowed:
        made = disclose(a_customer(), asked, all_, withdrawals, is_privacy_officer=False, by="s-1", at=at)
        assert {*made.fields} <= allowed and {*values_of(a_customer(), fields)} == {*map(str, fields)}
    else:
        with pytest.raises(NoConsent) as refused:
            disclose(a_customer(), asked, all_, withdrawals, is_privacy_officer=True, by="s-1", at=at)
        assert refused.value.field == "/fields" and all(it in str(refused.value) for it in {*fields} - allowed)


def test_the_law_needs_no_consent_but_a_privacy_officer() -> None:
    asked = wanted(FileField.PHONES, basis=LegalBasis.LAW)
    with pytest.raises(NotForYou):
        give(asked)
    assert give(asked, officer=True).consents == []


def test_a_consent_that_names_no_field_allows_none() -> None:
    with pytest.raises(NoConsent):
        give(wanted(FileField.KIND), a_consent(THIRD))


def test_the_address_is_the_latest_that_was_said() -> None:
    names = {
        name: {"revision": 0, "claimed": True, "said": said}
        for name, said in (
            ("a/1", {"at": "2026-01-05", "facts": {"address": "old"}}),
            ("a/2", {"at": "2026-01-06", "facts": {"address": "new"}}),
            ("a/3", {"at": "2026-01-07", "facts": {}}),
            ("a/4", None),
        )
    }
    assert values_of(a_customer(names=names), [FileField.ADDRESS]) == {"address": "new"}
