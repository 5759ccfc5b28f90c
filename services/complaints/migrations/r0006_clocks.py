"""Clocks, and the moments of a complaint from which they count."""

from alembic import op

from shared.migrations import clocks_0001

revision, down_revision = "0006", "0005"
COLUMNS = "acknowledged_at", "judged_at", "round_began_at"


def upgrade() -> None:
    clocks_0001.upgrade()
    for column in COLUMNS:
        op.execute(f"ALTER TABLE complaint ADD COLUMN {column} timestamptz")
    # When it was is not known of what there is; that it was done is.
    op.execute("UPDATE complaint SET acknowledged_at = received_at WHERE state NOT IN ('received', 'escalated') OR upheld IS NOT NULL")
    op.execute("UPDATE complaint SET judged_at = received_at WHERE upheld IS NOT NULL")


def downgrade() -> None:
    for column in COLUMNS:
        op.execute(f"ALTER TABLE complaint DROP COLUMN {column}")
    clocks_0001.downgrade()
