"""The numbers of the business that the customer file needs. They come from the trade profile of the unit; none stands in code."""

from shared import profiles
from shared.profiles import Part
from shared.profiles.chores import Chore


class Policy(Part):
    """The customer file's part of a trade profile."""

    clarifying: Chore  # ORDR-02


Trade = profiles.Trade[Policy]
