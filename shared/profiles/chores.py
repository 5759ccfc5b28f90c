"""What becomes somebody's task when it goes wrong: whose, and by when it is seen to."""

from typing import Literal

from shared.profiles.part import Part
from shared.worktime.span import Span

Owner = Literal["specialist", "supervisor", "leader", "department", "reception"]


class Chore(Part):
    """It is for whoever has this role, and is due by then."""

    owner: Owner
    within: Span
