"""The numbers of the business that reception's rules need. They come from the trade profile of the unit; none stands in code."""

from datetime import timedelta

from shared import profiles
from shared.profiles import Milestone, Part


class Answering(Part):
    """How long a telephone may ring.  INQY-01, D-20"""

    rings: int
    within: timedelta


class Milestones(Part):
    """The steps of an inquiry whose time is watched."""

    answer: Milestone  # INQY-02, INQY-03, INQY-09
    promise: Milestone  # INQY-05


class Policy(Part):
    """Reception's part of a trade profile."""

    answering: Answering
    milestones: Milestones


Trade = profiles.Trade[Policy]
