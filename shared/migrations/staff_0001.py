"""Who works here, as a later migration of every service makes it. It stays as it is."""

from alembic import op

TABLES = """
CREATE TABLE colleague (
    id varchar PRIMARY KEY, unit varchar NOT NULL, posts jsonb NOT NULL, roles jsonb NOT NULL, skills jsonb NOT NULL, weight double precision NOT NULL,
    absences jsonb NOT NULL, active boolean NOT NULL, news boolean NOT NULL,
    partition integer NOT NULL, record_offset bigint NOT NULL, facts_offset bigint NOT NULL
);
CREATE INDEX ix_colleague_unit ON colleague (unit);
CREATE INDEX colleague_news ON colleague (id) WHERE news"""


def upgrade() -> None:
    for statement in TABLES.split(";"):
        op.execute(statement)


def downgrade() -> None:
    op.execute("DROP TABLE colleague")
