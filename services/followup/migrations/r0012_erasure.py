"""Erasures: whom we are to forget, and whom nobody tells or asks anything any more."""

from alembic import op

from shared.migrations import erasure_0001

revision, down_revision = "0012", "0011"

WHY = "ALTER TABLE call DROP CONSTRAINT call_why_check, ADD CONSTRAINT call_why_check CHECK (why IN ({}))"
BEFORE = "'accepted', 'closed', 'reopened', 'withdrawn', 'attempts', 'refused'"


def upgrade() -> None:
    erasure_0001.upgrade_copies("call")
    op.execute("ALTER TABLE contact ADD erased boolean NOT NULL DEFAULT false")
    op.execute(WHY.format(f"{BEFORE}, 'erased'"))


def downgrade() -> None:
    """The version before knows no such reason; to it the call was withdrawn."""
    op.execute("UPDATE call SET why = 'withdrawn' WHERE why = 'erased'")
    op.execute(WHY.format(BEFORE))
    op.execute("ALTER TABLE contact DROP erased")
    erasure_0001.downgrade_copies()
