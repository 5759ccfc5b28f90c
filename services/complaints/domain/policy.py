"""The numbers of the business that the rules of complaints need. They come from the trade profile of the unit; none stands in code."""

from datetime import timedelta
from decimal import Decimal
from enum import StrEnum
from typing import Annotated, Literal, Self

from pydantic import Field, field_validator, model_validator

from shared import profiles
from shared.contracts import Money
from shared.profiles import Milestone, Part
from shared.profiles.limits import Limit, Since, When
from shared.profiles.part import Rule
from shared.worktime.span import Span


class Role(StrEnum):
    """Who has it when a specialist does not settle it alone."""

    SUPERVISOR = "supervisor"
    LEADER = "leader"


Round = Annotated[int, Field(ge=1)]
Reason = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_-]{0,31}$")]


class Fast(Part):
    """What a specialist settles at once.  CMPL-31"""

    compensation: Annotated[Decimal, Field(ge=0)]
    categories: frozenset[str]

    def covers(self, category: str, compensation: Money | None, currency: str) -> bool:
        """Amounts in another currency than the unit's can't be compared, so they are not covered."""
        if self.categories and category not in self.categories:
            return False
        return compensation is None or (compensation.currency == currency and compensation.amount <= self.compensation)


class Dissatisfied(Part):
    """In which round it becomes whose task that a customer is not content.  CMPL-14"""

    supervisor: Round
    leader: Round

    @model_validator(mode="after")
    def rises(self) -> Self:
        if self.leader < self.supervisor:
            raise ValueError("a supervisor has it before a leader: the leader's round is not the earlier one")
        return self

    def concerns(self, round: int) -> Role | None:
        if round >= self.leader:
            return Role.LEADER
        return Role.SUPERVISOR if round >= self.supervisor else None


NEVER = "so this limit would never hold"


class Early(Limit):
    """Of an acknowledgement. It is owed from the beginning of the first round until it is given or the complaint is judged, so nothing of what comes
    with that or later can decide about it.  CMPL-01"""

    @field_validator("since")
    @classmethod
    def is_the_beginning(cls, since: Since) -> Since:
        if since != "received":
            raise ValueError(f'an acknowledgement is no longer owed by then, {NEVER}; only "received" belongs here')
        return since

    @field_validator("promised")
    @classmethod
    def is_a_span(cls, promised: bool) -> bool:
        if promised:
            raise ValueError(f"when customers can expect an answer is told with the acknowledgement, {NEVER}")
        return promised

    @field_validator("when")
    @classmethod
    def is_known_at_once(cls, when: When) -> When:
        if when.severity:
            raise ValueError(f"a complaint is acknowledged before its severity is judged, {NEVER}; leave out severity")
        if when.from_round > 1:
            raise ValueError(f"only the first round is acknowledged, {NEVER}; leave out from_round")
        return when


class Acknowledgement(Milestone):
    limits: tuple[Early, ...]


class Milestones(Part):
    """The steps of a complaint whose time is watched."""

    acknowledgement: Acknowledgement
    plan: Milestone
    result: Milestone


class Pauses(Part):
    """When the time of a complaint may stand still, and how long."""

    reasons: Annotated[tuple[Reason, ...], Field(min_length=1)]  # codes
    own: Span  # the longest that a specialist may take alone
    longest: Span  # the longest of all, with a supervisor's approval

    @model_validator(mode="after")
    def the_longest_is_longer(self) -> Self:
        if self.own.measure is self.longest.measure and self.own.amount > self.longest.amount:
            raise ValueError(f"own is {self.own} and longest is {self.longest}: alone nobody pauses for longer than with a supervisor")
        return self


class Post(Part):
    """A step that is taken only by whoever holds one of these posts."""

    step: Literal[
        "acknowledgement",
        "judgement",
        "explanation",
        "escalation",
        "withdrawal",
        "resolution",
        "acceptance",
        "reopening",
        "closing",
        "pauses",
    ]  # as its address calls it
    posts: Annotated[tuple[Reason, ...], Field(min_length=1)]  # codes, as tokens and the staff directory name them
    category: tuple[str, ...] = ()  # of complaints of these; none: of all
    rule: Rule

    def concerns(self, step: str, category: str) -> bool:
        return step == self.step and (not self.category or category in self.category)


class Policy(Part):
    """Complaints' part of a trade profile."""

    reopening: Annotated[timedelta, Field(gt=timedelta(0))]
    major_from_round: Round
    fast: Fast
    dissatisfied: Dissatisfied
    milestones: Milestones
    pauses: Pauses
    posts: tuple[Post, ...] = ()


Trade = profiles.Trade[Policy]
