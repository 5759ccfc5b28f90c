"""Visits, inquiries, calls that were answered late, and under which name we declared somebody."""

from alembic import op

revision, down_revision = "0004", "0003"

TABLES = """
CREATE TABLE visit (
    id uuid PRIMARY KEY, state varchar(32) NOT NULL CHECK (state IN ('applied', 'arrived', 'departed', 'called_back', 'cancelled', 'no_show')),
    source varchar NOT NULL, company varchar NOT NULL, guests integer NOT NULL CHECK (guests > 0), guest_name varchar, guest_phone varchar,
    arrives_at timestamptz NOT NULL, note_id uuid, applicant varchar NOT NULL, named_id uuid NOT NULL, customer_id uuid NOT NULL, unit varchar NOT NULL,
    applied_at timestamptz NOT NULL, arrived_at timestamptz, departed_at timestamptz, noticed boolean, expected_home_at timestamptz,
    cancelled_at timestamptz, day_ends_at timestamptz, correlation varchar, trace varchar, version integer NOT NULL,
    CHECK ((state IN ('applied', 'arrived')) = (day_ends_at IS NOT NULL)),
    CHECK ((state IN ('arrived', 'departed', 'called_back')) = (arrived_at IS NOT NULL)),
    CHECK ((state IN ('departed', 'called_back')) = (departed_at IS NOT NULL AND noticed IS NOT NULL)),
    CHECK ((state = 'cancelled') = (cancelled_at IS NOT NULL))
);
CREATE INDEX visit_day_ends_at ON visit (day_ends_at) WHERE day_ends_at IS NOT NULL;
CREATE INDEX visit_named_id ON visit (named_id);
CREATE INDEX visit_newest ON visit (applied_at, id);
CREATE INDEX visit_state ON visit (state, applied_at, id);
CREATE INDEX visit_customer ON visit (customer_id, applied_at, id);
CREATE INDEX visit_unit ON visit (unit, applied_at, id);
CREATE INDEX visit_applicant ON visit (applicant, applied_at, id);
CREATE INDEX visit_company ON visit (company, applied_at, id);
CREATE INDEX visit_source ON visit (source, applied_at, id);

CREATE TABLE inquiry (
    id uuid PRIMARY KEY, state varchar(32) NOT NULL CHECK (state IN ('received', 'promised', 'answered', 'handed_over')),
    kind varchar(32) NOT NULL CHECK (kind IN ('consultation', 'complaint', 'suggestion', 'industry_warning', 'callback')),
    source varchar NOT NULL, channel varchar NOT NULL, named_id uuid NOT NULL, customer_id uuid NOT NULL, unit varchar NOT NULL,
    call_id varchar, order_id varchar, note_id uuid, answer_id uuid, received_at timestamptz NOT NULL, promised_until timestamptz,
    answered_at timestamptz, answered_by varchar, handed_to varchar, category varchar, handed_over_at timestamptz, handed_over_by varchar,
    correlation varchar, trace varchar, version integer NOT NULL,
    CHECK (kind <> 'callback' OR call_id IS NOT NULL), CHECK (state <> 'promised' OR promised_until IS NOT NULL),
    CHECK ((state = 'answered') = (answered_at IS NOT NULL)),
    CHECK ((state = 'handed_over') = (handed_over_at IS NOT NULL AND handed_to IS NOT NULL AND category IS NOT NULL))
);
CREATE INDEX inquiry_named_id ON inquiry (named_id);
CREATE INDEX inquiry_newest ON inquiry (received_at, id);
CREATE INDEX inquiry_state ON inquiry (state, received_at, id);
CREATE INDEX inquiry_kind ON inquiry (kind, received_at, id);
CREATE INDEX inquiry_channel ON inquiry (channel, received_at, id);
CREATE INDEX inquiry_call ON inquiry (call_id, received_at, id);
CREATE INDEX inquiry_customer ON inquiry (customer_id, received_at, id);
CREATE INDEX inquiry_unit ON inquiry (unit, received_at, id);
CREATE INDEX inquiry_source ON inquiry (source, received_at, id);

CREATE TABLE late_answer (
    id uuid PRIMARY KEY, call_id varchar NOT NULL, agent_id varchar NOT NULL, started_at timestamptz NOT NULL, answered_at timestamptz NOT NULL,
    rings integer, seconds double precision NOT NULL, queue varchar, unit varchar NOT NULL, source varchar NOT NULL
);
CREATE INDEX late_answer_newest ON late_answer (answered_at, id);
CREATE INDEX late_answer_agent ON late_answer (agent_id, answered_at, id);
CREATE INDEX late_answer_call ON late_answer (call_id, answered_at, id);
CREATE INDEX late_answer_queue ON late_answer (queue, answered_at, id);
CREATE INDEX late_answer_unit ON late_answer (unit, answered_at, id);
CREATE INDEX late_answer_source ON late_answer (source, answered_at, id);

ALTER TABLE known_customer ADD COLUMN declared_as varchar"""


def upgrade() -> None:
    for statement in TABLES.split(";"):
        op.execute(statement)


def downgrade() -> None:
    op.execute("ALTER TABLE known_customer DROP COLUMN declared_as")
    op.execute("DROP TABLE late_answer, inquiry, visit")
