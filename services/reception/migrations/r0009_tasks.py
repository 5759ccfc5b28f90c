"""What waits for whom."""

from shared.migrations import tasks_0001

revision, down_revision = "0009", "0008"


def upgrade() -> None:
    tasks_0001.upgrade()
    tasks_0001.mark_clocks()


def downgrade() -> None:
    tasks_0001.unmark_clocks()
    tasks_0001.downgrade()
