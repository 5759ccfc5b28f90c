"""Which versions of profiles were in force from when, as a later migration of every service makes the table. It stays as it is."""

from alembic import op

TABLE = """
CREATE TABLE profile (
    id uuid PRIMARY KEY, name varchar NOT NULL, version integer NOT NULL, digest varchar NOT NULL, changed_by varchar NOT NULL, why varchar NOT NULL,
    content jsonb NOT NULL, build varchar NOT NULL, in_force_since timestamptz NOT NULL
)"""
INDEXES = "CREATE INDEX profile_name ON profile (name, in_force_since, id)", "CREATE INDEX profile_newest ON profile (in_force_since, id)"


def upgrade() -> None:
    op.execute(TABLE)
    for index in INDEXES:
        op.execute(index)


def downgrade() -> None:
    op.execute("DROP TABLE profile")
