"""Clocks, and the moments of a complaint from which they count."""

from alembic import op

from shared.migrations import clocks_0001

revision, down_revision = "0006", "0005"
COLUMNS = "acknowledged_at", "judged_at", "round_began_at"


def upgrade() -> None:
    clocks_0001.upgrade()
    for column in COLUMNS:
        op.execute(f"ALTER TABLE complaint ADD COLUMN {column} timestamptz")


def downgrade() -> None:
    for column in COLUMNS:
        op.execute(f"ALTER TABLE complaint DROP COLUMN {column}")
    clocks_0001.downgrade()
