"""Erasures, and what is left of those who are erased."""

from alembic import op

from shared.migrations import erasure_0001

revision, down_revision = "0008", "0007"

STATES = "ALTER TABLE customer DROP CONSTRAINT customer_state_check, ADD CONSTRAINT customer_state_check CHECK (state IN ({}))"
BEFORE = "'provisional', 'registered', 'redirected'"
TABLES = """
CREATE TABLE erasure (
    id uuid PRIMARY KEY, customer_id uuid NOT NULL, customers jsonb NOT NULL, seen jsonb NOT NULL, unit varchar NOT NULL,
    reason varchar(32) NOT NULL CHECK (reason IN ('customer_request', 'consent_withdrawn', 'retention', 'court_order', 'other')),
    state varchar(32) NOT NULL CHECK (state IN ('requested', 'approved', 'running', 'completed', 'refused')),
    requested_at timestamptz NOT NULL, requested_by varchar NOT NULL, decided_at timestamptz, decided_by varchar,
    refused_because varchar(32) CHECK (refused_because IN ('not_the_person', 'legal_hold', 'open_dispute', 'mistake', 'other')),
    answers jsonb NOT NULL, part_of uuid, completed_at timestamptz, looked_at timestamptz, correlation varchar,
    version integer NOT NULL,
    CHECK ((state = 'requested') = (decided_at IS NULL)), CHECK (decided_by <> requested_by OR state = 'refused'),
    CHECK ((state = 'refused') = (refused_because IS NOT NULL)), CHECK ((state = 'completed') = (completed_at IS NOT NULL))
);
CREATE INDEX erasure_newest ON erasure (requested_at, id);
CREATE INDEX erasure_state ON erasure (state, requested_at, id);
CREATE INDEX erasure_customer ON erasure (customer_id, requested_at, id);
CREATE INDEX erasure_unit ON erasure (unit, requested_at, id);
CREATE INDEX erasure_reason ON erasure (reason, requested_at, id);
CREATE UNIQUE INDEX erasure_open ON erasure (customer_id) WHERE state IN ('requested', 'approved', 'running');
CREATE INDEX erasure_due ON erasure (state, looked_at) WHERE state IN ('approved', 'running');
CREATE INDEX erasure_part_of ON erasure (part_of) WHERE part_of IS NOT NULL;

CREATE TABLE erased_reference (
    hash varchar PRIMARY KEY, customer_id uuid NOT NULL, erasure_id uuid NOT NULL, erased_at timestamptz NOT NULL
);
CREATE INDEX ix_erased_reference_customer_id ON erased_reference (customer_id);
CREATE INDEX ix_erased_reference_erasure_id ON erased_reference (erasure_id);

CREATE TABLE erasure_key (id integer PRIMARY KEY CHECK (id = 1), hash varchar NOT NULL);

ALTER TABLE orders ADD erased_id uuid;
CREATE INDEX orders_erased ON orders (erased_id, created_at, id) WHERE erased_id IS NOT NULL;
DROP INDEX orders_asked;
CREATE INDEX orders_asked ON orders (id) WHERE (state = 'clarifying' AND erased_id IS NULL) <> asked"""


def upgrade() -> None:
    erasure_0001.upgrade()
    for statement in TABLES.split(";"):
        op.execute(statement)
    op.execute(STATES.format(f"{BEFORE}, 'erased'"))


def downgrade() -> None:
    """The version before knows them as somebody who was only mentioned."""
    op.execute("UPDATE customer SET state = 'provisional' WHERE state = 'erased'")
    op.execute(STATES.format(BEFORE))
    op.execute("DROP INDEX orders_asked")
    op.execute("ALTER TABLE orders DROP erased_id")
    op.execute("CREATE INDEX orders_asked ON orders (id) WHERE (state = 'clarifying') <> asked")
    op.execute("DROP TABLE erasure, erased_reference, erasure_key")
    erasure_0001.downgrade()
