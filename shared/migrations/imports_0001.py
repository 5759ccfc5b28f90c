"""What comes in from spreadsheets, as a later migration of the services with kinds makes the tables. It stays as it is."""

from alembic import op

TABLE = """
CREATE TABLE import (
    id uuid PRIMARY KEY, kind varchar NOT NULL, system varchar NOT NULL, existing varchar(32) NOT NULL, whole boolean NOT NULL, dry_run boolean NOT NULL,
    plan jsonb NOT NULL, unit varchar NOT NULL, own jsonb NOT NULL, units jsonb, asked_by varchar NOT NULL, state varchar(32) NOT NULL,
    questions jsonb NOT NULL, headings jsonb NOT NULL, mapping jsonb NOT NULL, file_id uuid, bytes bigint NOT NULL, pieces integer NOT NULL,
    rows integer NOT NULL, position integer NOT NULL, reached integer NOT NULL, checked integer NOT NULL, applied integer NOT NULL, created integer NOT NULL,
    updated integer NOT NULL, skipped integer NOT NULL, failed integer NOT NULL, undone integer NOT NULL, kept integer NOT NULL,
    looking boolean NOT NULL, asked_at timestamptz NOT NULL, began_at timestamptz, ended_at timestamptz, looked_at timestamptz, forgotten boolean NOT NULL,
    correlation varchar, version integer NOT NULL, held_by uuid, held_until timestamptz, tries integer NOT NULL DEFAULT 0
)"""
ROWS = """
CREATE TABLE import_row (
    import_id uuid, number integer, state varchar(32) NOT NULL, key uuid, raw jsonb, thing_id uuid, named_id uuid, before jsonb, reasons jsonb,
    PRIMARY KEY (import_id, number)
)"""
MAPPINGS = "CREATE TABLE import_mapping (id uuid PRIMARY KEY, plan jsonb NOT NULL, unit varchar NOT NULL, asked_by varchar NOT NULL, at timestamptz NOT NULL)"
CHECKS = {
    "import_state_check": "state IN ('awaiting_file', 'reading', 'mapping_needed', 'checking', 'checked', 'applying', 'done', 'failed', 'cancelled', "
    "'reversing', 'reversed')",
    "import_existing_check": "existing IN ('update', 'skip', 'fail')",
}
INDEXES = """
CREATE INDEX import_asked_at ON import (asked_at, id);
CREATE INDEX import_kind ON import (kind, asked_at, id);
CREATE INDEX import_state ON import (state, asked_at, id);
CREATE INDEX import_asked_by ON import (asked_by, asked_at, id);
CREATE INDEX import_to_forget ON import (asked_at) WHERE NOT forgotten;
CREATE INDEX import_row_state ON import_row (import_id, state, number);
CREATE INDEX import_row_key ON import_row (import_id, key, number) WHERE key IS NOT NULL;
CREATE INDEX import_row_named ON import_row (named_id) WHERE raw IS NOT NULL OR before IS NOT NULL"""


def upgrade() -> None:
    for statement in (TABLE, ROWS, MAPPINGS, *INDEXES.split(";")):
        op.execute(statement)
    for name, check in CHECKS.items():
        op.execute(f"ALTER TABLE import ADD CONSTRAINT {name} CHECK ({check})")
    op.execute(
        "ALTER TABLE import_row SET (autovacuum_vacuum_scale_factor = 0.05, fillfactor = 80)"
    )  # every row is written again when it is judged


def downgrade() -> None:
    for name in ("import_mapping", "import_row", "import"):
        op.execute(f"DROP TABLE {name}")
