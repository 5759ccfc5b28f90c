"""How a notice leaves: by which channel, when, in which words, and what its gateway's answer means.

The text and the address are frozen with the first attempt and each attempt is remembered before it is made: so a gateway never sees two bodies
under one key, a short message may be repeated (its key makes it one), and a mail is repeated once at the most.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Protocol
from uuid import UUID

from services.followup.domain.contact import Contact
from services.followup.domain.notice import NO_CONTACT, Notice, State, is_old
from services.followup.domain.policy import Trade
from services.followup.domain.wording import worded
from shared.contracts.followup import NoticeFailed, NoticeSent
from shared.outcome import Outcome

LEASE = timedelta(seconds=60)  # a worker that took a notice and says nothing for so long has died
MOST_TRIES = {"email": 2}  # of what may have been taken. A key makes repeats of a short message one: it is asked for until the news is old
LONGEST_PAUSE = timedelta(minutes=1)


class Answer(StrEnum):
    TAKEN = "taken"
    REFUSED = "refused"  # it will never take this
    BUSY = "busy"  # it did not take it, and may later
    UNSURE = "unsure"  # it may have taken it


class Letter(Protocol):
    """What a gateway is asked to send, whatever it is about: the same `id` is the same letter."""

    @property
    def id(self) -> UUID: ...
    @property
    def written_at(self) -> datetime: ...
    @property
    def to(self) -> str: ...
    @property
    def subject(self) -> str: ...
    @property
    def text(self) -> str: ...


@dataclass(frozen=True, slots=True)
class Attempt:
    """A letter to a customer."""

    notice: Notice
    channel: str
    to: str
    subject: str
    text: str

    @property
    def id(self) -> UUID:
        return self.notice.id

    @property
    def written_at(self) -> datetime:
        return self.notice.planned_at


@dataclass(frozen=True, slots=True)
class Result:
    answer: Answer
    provider_id: str | None = None
    reason: str | None = None
    wait: timedelta | None = None  # the gateway asks not to be asked sooner


def prepare(notice: Notice, contact: Contact | None, *, trade: Trade, at: datetime) -> tuple[Attempt | None, Outcome]:
    """The next attempt, if there is to be one now; otherwise the notice says why not."""
    policy = trade.policy(notice.unit)
    tried = current(notice)
    if contact is not None and contact.erased:
        if tried is not None:
            remember(notice, closed(tried, "unsure"))
        notice.state = State.PLANNED
        return None, notice.forget(at)  # type: ignore[return-value]
    if tried is None and is_old(notice.news_at, policy, at):
        return None, list(notice.turn(State.SKIPPED, "too old", at))
    if tried is not None and (is_last(tried) or is_old(notice.news_at, policy, at)):
        return None, leave(notice, tried, "unsure", "no answer", at)
    channel = tried["channel"] if tried else next_channel(notice, contact, trade)
    if channel is None:
        if notice.deliveries:
            return None, failed(notice, at)
        notice.turn(State.AWAITING_CONTACT, NO_CONTACT, at)
        return None, []
    if tried is None:
        assert contact
        zone = trade.unit(notice.unit).clock
        if until := contact.quiet_until(channel, policy, zone, at):
            notice.state, notice.reason, notice.due_at = State.HELD, "quiet hours", until
            return None, []
        if notice.text is None:
            notice.subject, notice.text = worded(notice, contact.language or policy.languages[0], trade)
        pauses = next((it.get("pauses", 0) for it in notice.deliveries if it["channel"] == channel), 0)
        tried = {"channel": channel, "state": "sending", "provider_id": None, "tries": 0, "pauses": pauses, "to": contact.address(channel)}
    remember(notice, tried | {"tries": tried["tries"] + 1})
    notice.state, notice.reason, notice.due_at = State.SENDING, None, at + LEASE
    assert notice.text is not None
    return Attempt(notice, channel, tried["to"], notice.subject or "", notice.text), []


def settle(notice: Notice, channel: str, result: Result, at: datetime) -> Outcome:
    """What the gateway's answer means. An answer to a notice that is no longer being sent is old."""
    tried = current(notice)
    if notice.state is not State.SENDING or tried is None or tried["channel"] != channel:
        return []
    tries = tried["tries"]
    match result.answer:
        case Answer.TAKEN:
            remember(notice, closed(tried, "sent") | {"provider_id": result.provider_id})
            notice.state, notice.reason, notice.sent_at, notice.due_at = State.SENT, None, at, at
            return [NoticeSent(**notice.names(), sent_at=at, channel=channel)]
        case Answer.BUSY:  # certainly not taken: the attempt does not count, and newer news may still overtake it
            pause = min(timedelta(seconds=2 ** min(tried["pauses"], 6)), LONGEST_PAUSE)
            tried = tried | {"tries": tries - 1, "pauses": tried["pauses"] + 1}
            if tries == 1:
                notice.state, tried = State.PLANNED, closed(tried, "waiting")
                notice.subject = notice.text = None  # nobody has seen it: it may be worded anew
            remember(notice, tried)
            notice.reason, notice.due_at = result.reason or "the gateway does not answer", at + pause
            return []
        case Answer.UNSURE if not is_last(tried):
            notice.reason, notice.due_at = result.reason or "no answer", at + min(timedelta(seconds=2 ** min(tries, 6)), LONGEST_PAUSE)
            return []
        case Answer.UNSURE:
            return leave(notice, tried, "unsure", result.reason, at)
        case Answer.REFUSED:
            return leave(notice, tried, "failed", result.reason, at)


def leave(notice: Notice, tried: dict[str, Any], state: str, reason: str | None, at: datetime) -> Outcome:
    """This channel is over; it goes on by another, if there is one."""
    remember(notice, closed(tried, state))
    notice.state, notice.reason, notice.due_at = State.PLANNED, reason, at
    return []


def is_last(tried: dict[str, Any]) -> bool:
    """It may not be asked for once more."""
    most = MOST_TRIES.get(tried["channel"])
    return most is not None and tried["tries"] >= most


def failed(notice: Notice, at: datetime) -> Outcome:
    unsure = any(delivery["state"] == "unsure" for delivery in notice.deliveries)
    notice.state, notice.due_at = State.FAILED, at
    notice.reason = "no gateway said whether it took it" if unsure else notice.reason or "no gateway took it"
    return [NoticeFailed(**notice.names(), reason="unsure" if unsure else "refused")]


def broken(notice: Notice, error: Exception, at: datetime) -> Outcome:
    """We stumble over it, and would again."""
    notice.state, notice.due_at, notice.reason = State.FAILED, at, f"a fault of ours ({type(error).__name__})"
    return [NoticeFailed(**notice.names(), reason="fault")]


def current(notice: Notice) -> dict[str, Any] | None:
    """The delivery that is being tried."""
    last = notice.deliveries[-1] if notice.deliveries else None
    return last if last and last["state"] == "sending" else None


def remember(notice: Notice, delivery: dict[str, Any]) -> None:
    others = [it for it in notice.deliveries if it["channel"] != delivery["channel"]]
    notice.deliveries = [*others, delivery]


def closed(delivery: dict[str, Any], state: str) -> dict[str, Any]:
    """The address goes when the attempt is over: it stands with the contact."""
    return {name: value for name, value in delivery.items() if name != "to"} | {"state": state}


def next_channel(notice: Notice, contact: Contact | None, trade: Trade) -> str | None:
    """The preferred one that was not tried in vain."""
    over = {delivery["channel"] for delivery in notice.deliveries if delivery["state"] in ("failed", "unsure")}
    channels = contact.channels(trade.policy(notice.unit)) if contact else []
    return next((channel for channel in channels if channel not in over), None)
