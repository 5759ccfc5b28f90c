"""Clocks, as a later migration of every service that keeps time makes them. It stays as it is."""

from alembic import op

TABLES = """
CREATE TABLE clock (
    id uuid PRIMARY KEY, about varchar NOT NULL, milestone varchar NOT NULL, round integer NOT NULL,
    named_id uuid NOT NULL, customer_id uuid NOT NULL, unit varchar NOT NULL, owner varchar NOT NULL,
    state varchar(32) NOT NULL CHECK (state IN ('running', 'paused', 'met', 'missed', 'cancelled', 'unwatched')),
    profile varchar NOT NULL, profile_version integer NOT NULL, profile_digest varchar NOT NULL,
    terms jsonb NOT NULL, facts jsonb NOT NULL, reckoned jsonb NOT NULL, started_at timestamptz NOT NULL, due_at timestamptz NOT NULL,
    at_risk_at timestamptz, warned_at timestamptz, provisional boolean NOT NULL, holidays varchar NOT NULL, known varchar NOT NULL,
    pauses jsonb NOT NULL, moves jsonb NOT NULL,
    pause_until timestamptz, next_at timestamptz, ended_at timestamptz, done_at timestamptz, correlation varchar, trace varchar, version integer NOT NULL,
    CHECK ((state IN ('running', 'paused')) = (ended_at IS NULL)), CHECK ((state IN ('running', 'paused')) = (next_at IS NOT NULL)),
    CHECK ((state = 'paused') = (pause_until IS NOT NULL))
);
CREATE INDEX clock_next ON clock (next_at) WHERE next_at IS NOT NULL;
CREATE INDEX clock_about ON clock (about);
CREATE INDEX clock_named ON clock (named_id);
CREATE INDEX clock_known ON clock (holidays, known, id) WHERE state IN ('running', 'paused');
CREATE INDEX clock_due ON clock (due_at, id);
CREATE INDEX clock_open ON clock (due_at, id) WHERE state IN ('running', 'paused');
CREATE INDEX clock_state ON clock (state, due_at, id);
CREATE INDEX clock_owner ON clock (owner, due_at, id);
CREATE INDEX clock_unit ON clock (unit, due_at, id);
CREATE INDEX clock_unsure ON clock (provisional, due_at, id) WHERE provisional"""


def upgrade() -> None:
    for statement in TABLES.split(";"):
        op.execute(statement)


def downgrade() -> None:
    op.execute("DROP TABLE clock")
