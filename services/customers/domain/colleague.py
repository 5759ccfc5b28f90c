"""The staff directory: all that is known of who works here. Other services copy what they need from the same topic."""

from typing import Any, ClassVar

from sqlalchemy import Index

from services.customers.domain import Memory
from shared import staff


class Colleague(staff.Colleague, Memory, table=True):
    __table_args__ = (
        *staff.indexes(),
        Index("colleague_posts", "posts", postgresql_using="gin"),
        Index("colleague_roles", "roles", postgresql_using="gin"),
        Index("colleague_skills", "skills", postgresql_using="gin"),
        Index("colleague_active", "active", "id"),
    )
    beside: ClassVar[tuple[str, ...]] = ("display_name", "email", "phone")

    display_name: str | None = None  # it stays, so that old records can be read
    email: str | None = None
    phone: str | None = None
    version: int = 0  # of what is shown

    @property
    def staff_id(self) -> str:
        return self.id

    def put(self, **values: Any) -> list[str]:
        """What is shown has changed."""
        differing = super().put(**values)
        if differing:
            self.version += 1
        return differing
