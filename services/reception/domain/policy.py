"""The numbers of the business that reception's rules need. They come from the trade profile of the unit; none stands in code."""

from datetime import timedelta

from pydantic import BaseModel, ConfigDict

from shared import profiles


class Answering(BaseModel):
    """How long a telephone may ring.  INQY-01, D-20"""

    model_config = ConfigDict(extra="forbid", frozen=True)
    rings: int
    within: timedelta


class Policy(BaseModel):
    """Reception's part of a trade profile."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    version: int
    answering: Answering


Trade = profiles.Trade[Policy]
