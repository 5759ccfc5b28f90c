"""What is to be forgotten, as a later migration of every service makes the table. It stays as it is."""

from alembic import op

TABLES = """
CREATE TABLE erasing (
    erasure_id uuid PRIMARY KEY, customer_id uuid NOT NULL, customers jsonb NOT NULL, unit varchar NOT NULL, requested_at timestamptz NOT NULL,
    done boolean NOT NULL, done_at timestamptz, searched boolean NOT NULL, searched_to uuid, looked_at timestamptz, counts jsonb NOT NULL,
    correlation varchar, CHECK (done = (done_at IS NOT NULL))
);
CREATE INDEX erasing_open ON erasing (looked_at, erasure_id) WHERE NOT done"""
COPIES = """
ALTER TABLE known_customer ADD erased boolean NOT NULL DEFAULT false;
CREATE INDEX known_customer_erased ON known_customer (id) WHERE erased;
CREATE INDEX ix_note_customer_id ON note (customer_id)"""


def upgrade() -> None:
    for statement in TABLES.split(";"):
        op.execute(statement)


def downgrade() -> None:
    op.execute("DROP TABLE erasing")


def upgrade_copies() -> None:
    """Where customers are known by what `customers` says of them, and words are kept."""
    upgrade()
    for statement in COPIES.split(";"):
        op.execute(statement)


def downgrade_copies() -> None:
    op.execute("DROP INDEX ix_note_customer_id")
    op.execute("ALTER TABLE known_customer DROP erased")
    downgrade()
