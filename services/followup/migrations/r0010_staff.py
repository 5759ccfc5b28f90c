"""Whom we know of the staff, and where they can be reached."""

from alembic import op

from shared.migrations import staff_0001

revision, down_revision = "0010", "0009"


def upgrade() -> None:
    staff_0001.upgrade()
    op.execute("ALTER TABLE colleague ADD email varchar, ADD phone varchar")


downgrade = staff_0001.downgrade
