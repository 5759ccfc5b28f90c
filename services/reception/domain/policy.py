"""The numbers of the business that reception's rules need. They come from the trade profile of the unit; none stands in code."""

from datetime import timedelta
from typing import Annotated

from pydantic import Field, field_validator

from shared import profiles
from shared.profiles import Limit, Milestone, Part, When
from shared.profiles.limits import Since


class Answering(Part):
    """How long a telephone may ring.  INQY-01, D-20"""

    rings: Annotated[int, Field(ge=1)]
    within: Annotated[timedelta, Field(gt=timedelta(0))]


class OfInquiry(Limit):
    """Of an answer. An inquiry has no severity, is neither acknowledged nor judged, and comes of nothing."""

    @field_validator("since")
    @classmethod
    def is_the_beginning(cls, since: Since) -> Since:
        if since != "received":
            raise ValueError('an inquiry is neither acknowledged nor judged, so this limit would never hold; only "received" belongs here')
        return since

    @field_validator("when")
    @classmethod
    def is_told_of_inquiries(cls, when: When) -> When:
        if when.severity or when.follows:
            raise ValueError(
                "an inquiry has no severity and follows nothing, so this limit would never hold; channel and category belong here"
            )
        return when


class OfInquiries(Milestone):
    limits: tuple[OfInquiry, ...]


class Milestones(Part):
    """The steps of an inquiry whose time is watched."""

    answer: OfInquiries  # INQY-02, INQY-03, INQY-09
    promise: OfInquiries  # INQY-05


class Policy(Part):
    """Reception's part of a trade profile."""

    answering: Answering
    milestones: Milestones


Trade = profiles.Trade[Policy]
