"""What waits for whom, and about which orders somebody is to ask the customer."""

from alembic import op

from shared.migrations import tasks_0001

revision, down_revision = "0007", "0006"


def upgrade() -> None:
    tasks_0001.upgrade()
    op.execute("ALTER TABLE orders ADD asked boolean NOT NULL DEFAULT false")
    # nobody runs after what has been so since before there were tasks
    op.execute("UPDATE orders SET asked = true WHERE state = 'clarifying' AND placed_at < now() - interval '3 days'")
    op.execute("CREATE INDEX orders_asked ON orders (id) WHERE (state = 'clarifying') <> asked")


def downgrade() -> None:
    op.execute("DROP INDEX orders_asked")
    op.execute("ALTER TABLE orders DROP asked")
    tasks_0001.downgrade()
