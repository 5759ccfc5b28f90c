"""Erasures: whom we are to forget. A call's number may be the caller's, so nobody looks anything up by one."""

from alembic import op

from shared.migrations import erasure_0001

revision, down_revision = "0010", "0009"


def upgrade() -> None:
    erasure_0001.upgrade_copies("inquiry", "visit")
    op.execute("DROP INDEX inquiry_call, late_answer_call")


def downgrade() -> None:
    op.execute("CREATE INDEX inquiry_call ON inquiry (call_id, received_at, id)")
    op.execute("CREATE INDEX late_answer_call ON late_answer (call_id, answered_at, id)")
    erasure_0001.downgrade_copies()
