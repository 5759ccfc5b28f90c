"""Names, customers, orders."""

from alembic import op

revision, down_revision = "0002", "0001"

TABLES = """
CREATE TABLE claim (
    reference varchar PRIMARY KEY, customer_id uuid NOT NULL,
    standing varchar(32) NOT NULL CHECK (standing IN ('mentioned', 'named', 'declared', 'withdrawn')),
    named_by varchar, partition integer NOT NULL, record_offset bigint NOT NULL,
    CHECK (standing <> 'named' OR named_by IS NOT NULL)
);
CREATE INDEX ix_claim_customer_id ON claim (customer_id);
CREATE INDEX ix_claim_named_by ON claim (named_by);

CREATE TABLE customer (
    id uuid PRIMARY KEY, state varchar(32) NOT NULL CHECK (state IN ('provisional', 'registered', 'redirected')), redirected_to uuid,
    source varchar NOT NULL, unit varchar NOT NULL, kind varchar(32) CHECK (kind IN ('person', 'company')),
    display_name varchar, contact_person varchar, business_scope varchar, preferred_channel varchar, language varchar, time_zone varchar,
    phones jsonb NOT NULL, emails jsonb NOT NULL, names jsonb NOT NULL,
    created_at timestamptz NOT NULL, registered_at timestamptz, version integer NOT NULL,
    CHECK ((state = 'redirected') = (redirected_to IS NOT NULL)), CHECK (redirected_to <> id),
    CHECK (state <> 'redirected' OR names = '{}'), CHECK (state <> 'registered' OR registered_at IS NOT NULL)
);
CREATE INDEX customer_newest ON customer (created_at, id);
CREATE INDEX customer_source ON customer (source, created_at, id);
CREATE INDEX customer_state ON customer (state, created_at, id);
CREATE INDEX customer_unit ON customer (unit, created_at, id);
CREATE INDEX customer_kind ON customer (kind, created_at, id);

CREATE TABLE orders (
    id uuid PRIMARY KEY, system varchar NOT NULL, order_id varchar NOT NULL, reference varchar NOT NULL,
    source varchar NOT NULL, unit varchar, state varchar(32) NOT NULL
        CHECK (state IN ('received', 'clarifying', 'confirmed', 'in_production', 'shipped', 'delivered', 'cancelled')),
    clarifying jsonb NOT NULL, total_amount numeric(18, 4), total_currency varchar, promised_delivery_until varchar,
    placed_at timestamptz, confirmed_at timestamptz, shipped_at timestamptz, delivered_at timestamptz, cancelled_at timestamptz,
    erp_closed_at timestamptz,
    delivered boolean NOT NULL, facts jsonb NOT NULL, created_at timestamptz NOT NULL,
    CONSTRAINT orders_order_id UNIQUE (order_id, system),
    CHECK (delivered = (delivered_at IS NOT NULL)), CHECK ((state = 'clarifying') = (clarifying <> '[]'))
);
CREATE INDEX orders_newest ON orders (created_at, id);
CREATE INDEX orders_source ON orders (source, created_at, id);
CREATE INDEX orders_state ON orders (state, created_at, id);
CREATE INDEX orders_system ON orders (system, created_at, id);
CREATE INDEX orders_reference ON orders (reference, created_at, id);
CREATE INDEX orders_unit ON orders (unit, created_at, id);
CREATE INDEX orders_delivered ON orders (delivered, created_at, id)"""


def upgrade() -> None:
    for statement in TABLES.split(";"):
        op.execute(statement)


def downgrade() -> None:
    op.execute("DROP TABLE orders, customer, claim")
