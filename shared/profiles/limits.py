"""How long something may take: milestones of a trade profile, each with its limits; the strictest that applies wins.

A clock keeps its milestone as it stood, also one that would be refused today: so what means nothing is refused where a profile is read.
"""

from typing import Annotated, Any, Literal, Self

from pydantic import Field, ValidationInfo, ValidatorFunctionWrapHandler, WrapValidator, field_validator, model_validator

from shared.profiles.mistakes import no_such_calendar
from shared.profiles.part import Part, Rule
from shared.worktime.span import Measure, Span

Owner = Literal["specialist", "supervisor", "leader", "department", "reception"]
Share = Annotated[float, Field(gt=0, lt=1)]


def of_a_profile(info: ValidationInfo) -> bool:
    """Whoever reads profiles gives a context."""
    return info.context is not None


def when_read(value: Any, check: ValidatorFunctionWrapHandler, info: ValidationInfo) -> Any:
    return check(value) if of_a_profile(info) else value


Severity = Annotated[Literal["minor", "ordinary", "major"], WrapValidator(when_read)]  # CMPL-20
Since = Annotated[Literal["received", "acknowledged", "judged"], WrapValidator(when_read)]


class When(Part):
    """To what a limit applies: all that are given must fit, and a list fits if it holds the value."""

    severity: tuple[Severity, ...] = ()
    channel: tuple[str, ...] = ()
    category: tuple[str, ...] = ()
    follows: tuple[str, ...] = ()  # the kinds before the colon: visit, survey
    from_round: Annotated[int, Field(ge=1)] = 1


class Limit(Part):
    """By when: a span, or the moment that was promised to the customer."""

    within: Span | None = None
    promised: bool = False
    since: Since = "received"
    calendar: str | None = None  # a name of calendars.toml; the unit's own if there is none
    right: bool = False  # of the customer: an end on a day off moves to the next working day  D-31
    rule: Rule
    when: When = When()

    @model_validator(mode="after")
    def is_a_span_or_a_promise(self) -> Self:
        if (self.within is None) != self.promised:
            raise ValueError('exactly one of the two belongs here, within = "3 wd" or promised = true')
        return self

    @model_validator(mode="after")
    def says_nothing_in_vain(self, info: ValidationInfo) -> Self:
        if not of_a_profile(info):
            return self
        if self.promised and (vain := sorted(self.model_fields_set & {"since", "right"})):
            raise ValueError(
                f"{' and '.join(vain)} can't stand beside promised = true: what was promised is due at that moment, whatever day it is"
            )
        if self.within and not self.within.amount:
            raise ValueError(f"{self.within} is over before anybody can act: a span of at least 1 belongs here")
        if self.right and self.within and self.within.measure is not Measure.DAYS:
            raise ValueError(f'right = true moves only calendar days, as in within = "15 cd": the end of {self.within} is never moved')
        return self

    @field_validator("calendar")
    @classmethod
    def is_there(cls, calendar: str | None, info: ValidationInfo) -> str | None:
        """Whoever reads profiles says in the context which calendars there are."""
        there = (info.context or {}).get("calendars")
        if calendar is not None and there is not None and calendar not in there:
            raise ValueError(no_such_calendar(calendar, there))
        return calendar


class Milestone(Part):
    """One step whose time is watched; where no limit applies it has no clock."""

    owner: Owner
    at_risk: Share | None = None  # the part of its time after which the owner is warned; none: never
    limits: tuple[Limit, ...]
