"""More that happened leads to a call: measurements, installations, repairs, orders that were closed or lost."""

from alembic import op

revision, down_revision = "0006", "0005"
CHECKED = "ALTER TABLE call DROP CONSTRAINT call_reason_check, ADD CONSTRAINT call_reason_check CHECK (reason IN ({}))"
UNIQUE = "ALTER TABLE call DROP CONSTRAINT call_about, ADD CONSTRAINT call_about UNIQUE ({})"  # two systems may number alike
BEFORE = "'complaint_resolved', 'visit_departed'"
MORE = "'measurement_completed', 'installation_completed', 'repair_completed', 'order_closed', 'order_lost'"
UNREADABLE = "DELETE FROM call WHERE reason NOT IN ('complaint_resolved', 'visit_departed')"


def upgrade() -> None:
    op.execute(CHECKED.format(f"{BEFORE}, {MORE}"))
    op.execute(UNIQUE.format("about, round, named_id"))


def downgrade() -> None:
    """The version before can't read calls of the other reasons."""
    op.execute(UNREADABLE)
    op.execute(UNIQUE.format("about, round"))
    op.execute(CHECKED.format(BEFORE))
