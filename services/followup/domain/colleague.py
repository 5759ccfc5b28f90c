"""Who works here and where they can be reached, as the directory says it: our copy. Whoever left can't be reached any more."""

from typing import ClassVar

from services.followup.domain import Memory
from shared import staff


class Colleague(staff.Colleague, Memory, table=True):
    __table_args__ = staff.indexes()
    beside: ClassVar[tuple[str, ...]] = ("email", "phone")

    email: str | None = None
    phone: str | None = None
