"""Registers that somebody wants as a file, as a later migration of every service makes the table. It stays as it is."""

from alembic import op

TABLE = """
CREATE TABLE export (
    id uuid PRIMARY KEY, asked_by varchar NOT NULL, sheet varchar NOT NULL, format varchar NOT NULL, filters jsonb NOT NULL, encoding varchar NOT NULL,
    headings varchar NOT NULL, units jsonb, asks_as jsonb NOT NULL, path jsonb NOT NULL, state varchar(32) NOT NULL, because varchar(32), rows integer NOT NULL,
    rows_in_all integer, bytes bigint NOT NULL, pieces integer NOT NULL, kept boolean NOT NULL, asked_at timestamptz NOT NULL, began_at timestamptz,
    ended_at timestamptz, correlation varchar, held_by uuid, held_until timestamptz, tries integer NOT NULL DEFAULT 0
)"""
CHECKS = {
    "export_state_check": "state IN ('queued', 'running', 'done', 'failed', 'cancelled', 'forgotten')",
    "export_format_check": "format IN ('csv', 'xlsx')",
    "export_because_check": "because IN ('failed', 'too_long', 'expired', 'erasure')",
    "export_ended_check": "(state IN ('queued', 'running')) = (ended_at IS NULL)",
    "export_file_check": "state <> 'done' OR kept",
}
INDEXES = """
CREATE INDEX export_theirs ON export (asked_by, asked_at, id);
CREATE INDEX export_open ON export (asked_at, id) WHERE state IN ('queued', 'running');
CREATE INDEX export_done ON export (ended_at) WHERE state = 'done';
CREATE INDEX export_litter ON export (id) WHERE kept AND state NOT IN ('running', 'done');
CREATE INDEX export_asked_at ON export (asked_at)"""


def upgrade() -> None:
    op.execute(TABLE)
    for name, check in CHECKS.items():
        op.execute(f"ALTER TABLE export ADD CONSTRAINT {name} CHECK ({check})")
    for statement in INDEXES.split(";"):
        op.execute(statement)
    op.execute("ALTER TABLE erasing ADD swept_at timestamptz")  # when nothing else was left here: files begun before may hold a name


def downgrade() -> None:
    op.execute("ALTER TABLE erasing DROP swept_at")
    op.execute("DROP TABLE export")
