"""Contacts, orders on their way, notices."""

from alembic import op

revision, down_revision = "0002", "0001"

TABLES = """
CREATE TABLE contact (
    reference varchar PRIMARY KEY, customer_id uuid NOT NULL, revision integer NOT NULL, phones jsonb NOT NULL, emails jsonb NOT NULL,
    preferred_channel varchar, language varchar, time_zone varchar, unit varchar, news boolean NOT NULL,
    partition integer NOT NULL, record_offset bigint NOT NULL
);
CREATE INDEX ix_contact_customer_id ON contact (customer_id);
CREATE INDEX contact_news ON contact (reference) WHERE news;

CREATE TABLE fulfilment (
    id uuid PRIMARY KEY, system varchar NOT NULL, order_id varchar NOT NULL, reference varchar NOT NULL, facts jsonb NOT NULL, arrival_due_at timestamptz
);
CREATE INDEX fulfilment_arrival_due_at ON fulfilment (arrival_due_at) WHERE arrival_due_at IS NOT NULL;

CREATE TABLE notice (
    id uuid PRIMARY KEY, kind varchar(32) NOT NULL, source varchar NOT NULL, fulfilment_id uuid NOT NULL, order_id varchar NOT NULL, shipment_id varchar,
    reference varchar NOT NULL, customer_id uuid NOT NULL, unit varchar NOT NULL,
    state varchar(32) NOT NULL CHECK (state IN ('planned', 'awaiting_contact', 'held', 'sending', 'sent', 'delivered', 'failed',
                                                'superseded', 'called_off', 'skipped')),
    reason varchar, news_at timestamptz NOT NULL, due_at timestamptz NOT NULL, sent_at timestamptz, planned_at timestamptz NOT NULL,
    facts jsonb NOT NULL, subject varchar, text varchar, correlation varchar, trace varchar, deliveries jsonb NOT NULL, version integer NOT NULL
);
CREATE INDEX notice_due ON notice (due_at) WHERE state IN ('planned', 'held', 'sending');
CREATE INDEX notice_awaiting ON notice (reference) WHERE state IN ('awaiting_contact', 'held');
CREATE INDEX notice_fulfilment ON notice (fulfilment_id);
CREATE INDEX notice_reference ON notice (reference);
CREATE INDEX notice_customer ON notice (customer_id, planned_at, id);
CREATE INDEX notice_order ON notice (order_id, planned_at, id);
CREATE INDEX notice_shipment ON notice (shipment_id, planned_at, id);
CREATE INDEX notice_state ON notice (state, planned_at, id);
CREATE INDEX notice_source ON notice (source, kind, planned_at, id);
CREATE INDEX notice_planned ON notice (planned_at, id)"""


def upgrade() -> None:
    for statement in TABLES.split(";"):
        op.execute(statement)


def downgrade() -> None:
    op.execute("DROP TABLE notice, fulfilment, contact")
