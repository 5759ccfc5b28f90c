"""What waits for whom, as a later migration of every service makes the table. It stays as it is."""

from alembic import op

TABLE = """
CREATE TABLE task (
    id uuid PRIMARY KEY, kind varchar NOT NULL, role varchar NOT NULL, state varchar(32) NOT NULL, about varchar NOT NULL, unit varchar NOT NULL,
    source varchar NOT NULL, assigned_to varchar, due_at timestamptz, urgent_at timestamptz NOT NULL, named_id uuid, customer_id uuid, facts jsonb NOT NULL,
    created_at timestamptz NOT NULL, done_at timestamptz, done_by varchar, correlation varchar, version integer NOT NULL
)"""
CHECKS = {
    "task_state_check": "state IN ('open', 'done', 'called_off')",
    "task_done_check": "(state = 'open') = (done_at IS NULL)",
    "task_done_by_check": "done_by IS NULL OR state = 'done'",
    "task_customer_check": "(named_id IS NULL) = (customer_id IS NULL)",
}
INDEXES = """
CREATE INDEX task_newest ON task (created_at, id);
CREATE INDEX task_state ON task (state, created_at, id);
CREATE INDEX task_role ON task (role, created_at, id);
CREATE INDEX task_kind ON task (kind, created_at, id);
CREATE INDEX task_about ON task (about, created_at, id);
CREATE INDEX task_customer ON task (customer_id, created_at, id);
CREATE INDEX task_unit ON task (unit, created_at, id);
CREATE INDEX task_source ON task (source, created_at, id);
CREATE INDEX task_assigned ON task (assigned_to, created_at, id);
CREATE INDEX task_named ON task (named_id);
CREATE INDEX task_next ON task (urgent_at, id) WHERE state = 'open';
CREATE INDEX task_free ON task (role, urgent_at, id) WHERE state = 'open' AND assigned_to IS NULL;
CREATE INDEX task_held ON task (assigned_to, urgent_at, id) WHERE state = 'open' AND assigned_to IS NOT NULL"""

CLOCKS = """
ALTER TABLE clock ADD moot boolean NOT NULL DEFAULT false, ADD asked boolean NOT NULL DEFAULT false;
UPDATE clock SET moot = true WHERE state = 'missed' AND done_at IS NULL;
CREATE INDEX clock_asked ON clock (id) WHERE (state = 'missed' AND done_at IS NULL AND NOT moot) <> asked"""


def upgrade() -> None:
    op.execute(TABLE)
    complete()


def complete() -> None:
    """What belongs to a table that has the columns."""
    for name, check in CHECKS.items():
        op.execute(f"ALTER TABLE task ADD CONSTRAINT {name} CHECK ({check})")
    for statement in INDEXES.split(";"):
        op.execute(statement)


def mark_clocks() -> None:
    """A clock that was missed makes a task. What was missed before there were any makes none."""
    for statement in CLOCKS.split(";"):
        op.execute(statement)


def unmark_clocks() -> None:
    op.execute("DROP INDEX clock_asked")
    op.execute("ALTER TABLE clock DROP moot, DROP asked")


def downgrade() -> None:
    op.execute("DROP TABLE task")
