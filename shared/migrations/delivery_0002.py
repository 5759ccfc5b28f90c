"""The journal beside the outbox, as a later migration of every service makes it."""

from alembic import op

TABLES = """
CREATE TABLE journal (
    id uuid PRIMARY KEY, topic varchar NOT NULL, type varchar NOT NULL, subject varchar, unit varchar, data jsonb NOT NULL, correlation varchar,
    announced_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX journal_correlation ON journal (correlation, announced_at, id);
CREATE INDEX journal_subject ON journal (subject, announced_at, id);
CREATE INDEX journal_type ON journal (type, announced_at, id);
CREATE INDEX journal_announced ON journal (announced_at, id)"""


def upgrade() -> None:
    for statement in TABLES.split(";"):
        op.execute(statement)


def downgrade() -> None:
    op.execute("DROP TABLE journal")
