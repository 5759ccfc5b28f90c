"""The numbers of the business that the customer file needs: none yet. They come from the trade profile of the unit."""

from shared import profiles
from shared.profiles import Part


class Policy(Part):
    """The customer file's part of a trade profile."""


Trade = profiles.Trade[Policy]
