"""Whom ids mean and what people said, as a later migration of every service that keeps them makes it. It stays as it is."""

from alembic import op

TABLES = """
CREATE TABLE known_customer (
    id uuid PRIMARY KEY, customer_id uuid NOT NULL, declared boolean NOT NULL, unit varchar, revision integer NOT NULL, news boolean NOT NULL,
    partition integer NOT NULL, record_offset bigint NOT NULL
);
CREATE INDEX ix_known_customer_customer_id ON known_customer (customer_id);
CREATE INDEX known_customer_news ON known_customer (id) WHERE news;

CREATE TABLE note (
    id uuid PRIMARY KEY, about varchar NOT NULL, kind varchar NOT NULL, text varchar NOT NULL, customer_id uuid NOT NULL, unit varchar NOT NULL,
    written_at timestamptz NOT NULL, written_by varchar, partition integer NOT NULL, record_offset bigint NOT NULL
);
CREATE INDEX ix_note_about ON note (about)"""


def upgrade() -> None:
    for statement in TABLES.split(";"):
        op.execute(statement)


def downgrade() -> None:
    op.execute("DROP TABLE note, known_customer")
