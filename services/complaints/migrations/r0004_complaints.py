"""Complaints and tasks."""

from alembic import op

revision, down_revision = "0004", "0003"

TABLES = """
CREATE TABLE complaint (
    id uuid PRIMARY KEY, number varchar NOT NULL,
    state varchar(32) NOT NULL CHECK (state IN ('received', 'acknowledged', 'judged', 'explained', 'investigating', 'resolved', 'accepted', 'closed',
                                                'withdrawn', 'escalated')),
    round integer NOT NULL CHECK (round > 0), severity varchar(32) CHECK (severity IN ('minor', 'ordinary', 'major')), upheld boolean,
    named_id uuid NOT NULL, customer_id uuid NOT NULL, customer_known boolean NOT NULL, unit varchar NOT NULL,
    order_id varchar, category varchar NOT NULL, channel varchar NOT NULL, source varchar NOT NULL, inquiry_id uuid, follows varchar,
    received_at timestamptz NOT NULL, feedback_by timestamptz, resolved_at timestamptz, reopenable_until timestamptz,
    authority varchar(32) CHECK (authority IN ('own', 'supervisor')), compensation_amount numeric(18, 4), compensation_currency varchar,
    escalated_to varchar(32) CHECK (escalated_to IN ('supervisor', 'leader')),
    closed_as varchar(32) CHECK (closed_as IN ('accepted', 'unreachable')),
    answers jsonb NOT NULL, correlation varchar, trace varchar, version integer NOT NULL,
    CHECK (state NOT IN ('judged', 'explained') OR (upheld IS NOT NULL AND severity IS NOT NULL)),
    CHECK ((state IN ('resolved', 'accepted', 'closed')) = (resolved_at IS NOT NULL)),
    CHECK ((resolved_at IS NULL) = (reopenable_until IS NULL)), CHECK ((resolved_at IS NULL) = (authority IS NULL)),
    CHECK ((compensation_amount IS NULL) = (compensation_currency IS NULL)), CHECK (resolved_at IS NOT NULL OR compensation_amount IS NULL),
    CHECK ((state = 'escalated') = (escalated_to IS NOT NULL)), CHECK ((state = 'closed') = (closed_as IS NOT NULL))
);
CREATE INDEX complaint_newest ON complaint (received_at, id);
CREATE INDEX complaint_state ON complaint (state, received_at, id);
CREATE INDEX complaint_severity ON complaint (severity, received_at, id);
CREATE INDEX complaint_number ON complaint (number, received_at, id);
CREATE INDEX complaint_customer ON complaint (customer_id, received_at, id);
CREATE INDEX complaint_unit ON complaint (unit, received_at, id);
CREATE INDEX complaint_order ON complaint (order_id, received_at, id);
CREATE INDEX complaint_category ON complaint (category, received_at, id);
CREATE INDEX complaint_channel ON complaint (channel, received_at, id);
CREATE INDEX complaint_source ON complaint (source, received_at, id);
CREATE INDEX complaint_inquiry ON complaint (inquiry_id, received_at, id);
CREATE INDEX complaint_follows ON complaint (follows, received_at, id);
CREATE INDEX complaint_open ON complaint (severity, state) WHERE state NOT IN ('closed', 'withdrawn');
CREATE INDEX complaint_named ON complaint (named_id);

CREATE TABLE task (
    id uuid PRIMARY KEY, kind varchar(32) NOT NULL CHECK (kind IN ('fair', 'dissatisfied')),
    role varchar(32) NOT NULL CHECK (role IN ('supervisor', 'leader')), state varchar(32) NOT NULL CHECK (state IN ('open', 'done')),
    about varchar NOT NULL, complaint_id uuid, round integer, named_id uuid NOT NULL, customer_id uuid NOT NULL, unit varchar NOT NULL,
    source varchar NOT NULL, aspects jsonb NOT NULL, created_at timestamptz NOT NULL, done_at timestamptz, done_by varchar, correlation varchar,
    version integer NOT NULL,
    CHECK ((complaint_id IS NULL) = (round IS NULL)), CHECK ((state = 'done') = (done_at IS NOT NULL)), CHECK ((state = 'done') = (done_by IS NOT NULL))
);
CREATE INDEX task_newest ON task (created_at, id);
CREATE INDEX task_state ON task (state, created_at, id);
CREATE INDEX task_role ON task (role, created_at, id);
CREATE INDEX task_kind ON task (kind, created_at, id);
CREATE INDEX task_complaint ON task (complaint_id, created_at, id);
CREATE INDEX task_about ON task (about, created_at, id);
CREATE INDEX task_customer ON task (customer_id, created_at, id);
CREATE INDEX task_unit ON task (unit, created_at, id);
CREATE INDEX task_source ON task (source, created_at, id);
CREATE INDEX task_named ON task (named_id)"""


def upgrade() -> None:
    for statement in TABLES.split(";"):
        op.execute(statement)


def downgrade() -> None:
    op.execute("DROP TABLE task, complaint")
