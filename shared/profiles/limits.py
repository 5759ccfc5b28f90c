"""How long something may take: milestones of a trade profile, each with its limits; the strictest that applies wins."""

from typing import Annotated, Literal, Self

from pydantic import Field, ValidationInfo, field_validator, model_validator

from shared.profiles.mistakes import no_such_calendar
from shared.profiles.part import Part, Rule
from shared.worktime.span import Span

Owner = Literal["specialist", "supervisor", "leader", "department", "reception"]
Share = Annotated[float, Field(gt=0, lt=1)]


class When(Part):
    """To what a limit applies: all that are given must fit, and a list fits if it holds the value."""

    severity: tuple[str, ...] = ()
    channel: tuple[str, ...] = ()
    category: tuple[str, ...] = ()
    follows: tuple[str, ...] = ()  # the kinds before the colon: visit, survey
    from_round: Annotated[int, Field(ge=1)] = 1


class Limit(Part):
    """By when: a span, or the moment that was promised to the customer."""

    within: Span | None = None
    promised: bool = False
    since: Literal["received", "acknowledged", "judged", "promised"] = "received"
    calendar: str | None = None  # a name of calendars.toml; the unit's own if there is none
    right: bool = False  # of the customer: an end on a day off moves to the next working day  D-31
    rule: Rule
    when: When = When()

    @model_validator(mode="after")
    def is_a_span_or_a_promise(self) -> Self:
        if (self.within is None) != self.promised:
            raise ValueError('exactly one of the two belongs here, within = "3 wd" or promised = true')
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
