"""Calls, and answers to surveys."""

from alembic import op

revision, down_revision = "0005", "0004"

TABLES = """
CREATE TABLE call (
    id uuid PRIMARY KEY, about varchar NOT NULL, round integer NOT NULL,
    reason varchar(32) NOT NULL CHECK (reason IN ('complaint_resolved', 'visit_departed')),
    named_id uuid NOT NULL, customer_id uuid NOT NULL, unit varchar NOT NULL, source varchar NOT NULL,
    state varchar(32) NOT NULL CHECK (state IN ('planned', 'assigned', 'due', 'attempted', 'callback_agreed', 'unreachable', 'done', 'called_off')),
    why varchar(32) CHECK (why IN ('accepted', 'closed', 'reopened', 'withdrawn', 'attempts', 'refused')),
    earliest_at timestamptz, due_at timestamptz, attempts jsonb NOT NULL, callback_at timestamptz, assigned_to varchar,
    satisfaction varchar(32) CHECK (satisfaction IN ('satisfied', 'fair', 'dissatisfied')), score integer CHECK (score BETWEEN 1 AND 5),
    aspects jsonb NOT NULL, completed_at timestamptz, completed_by varchar, give_up_at timestamptz, planned_at timestamptz NOT NULL,
    correlation varchar, trace varchar, version integer NOT NULL,
    CONSTRAINT call_about UNIQUE (about, round),
    CHECK ((earliest_at IS NULL) = (due_at IS NULL)), CHECK (earliest_at IS NOT NULL OR state = 'called_off'),
    CHECK ((why IS NOT NULL) = (state IN ('unreachable', 'called_off'))),
    CHECK ((state = 'done') = (completed_at IS NOT NULL)), CHECK ((state = 'done') = (satisfaction IS NOT NULL)),
    CHECK (give_up_at IS NULL OR state IN ('planned', 'assigned', 'due', 'attempted', 'callback_agreed'))
);
CREATE INDEX call_due ON call (due_at) WHERE state IN ('planned', 'assigned', 'due', 'attempted', 'callback_agreed');
CREATE INDEX call_give_up ON call (give_up_at) WHERE give_up_at IS NOT NULL;
CREATE INDEX call_named ON call (named_id);
CREATE INDEX call_round ON call (round, planned_at, id);
CREATE INDEX call_state ON call (state, planned_at, id);
CREATE INDEX call_reason ON call (reason, planned_at, id);
CREATE INDEX call_customer ON call (customer_id, planned_at, id);
CREATE INDEX call_unit ON call (unit, planned_at, id);
CREATE INDEX call_assigned ON call (assigned_to, planned_at, id);
CREATE INDEX call_satisfaction ON call (satisfaction, planned_at, id);
CREATE INDEX call_source ON call (source, planned_at, id);
CREATE INDEX call_planned ON call (planned_at, id);

CREATE TABLE survey (
    id uuid PRIMARY KEY, survey_id varchar NOT NULL, about varchar, named_id uuid NOT NULL, customer_id uuid NOT NULL, unit varchar NOT NULL,
    source varchar NOT NULL, satisfaction varchar(32) NOT NULL CHECK (satisfaction IN ('satisfied', 'fair', 'dissatisfied')),
    score integer NOT NULL CHECK (score BETWEEN 1 AND 5), aspects jsonb NOT NULL, answered_at timestamptz NOT NULL,
    registered_at timestamptz NOT NULL, correlation varchar, trace varchar, version integer NOT NULL
);
CREATE INDEX survey_named ON survey (named_id);
CREATE INDEX survey_about ON survey (about, answered_at, id);
CREATE INDEX survey_satisfaction ON survey (satisfaction, answered_at, id);
CREATE INDEX survey_score ON survey (score, answered_at, id);
CREATE INDEX survey_survey ON survey (survey_id, answered_at, id);
CREATE INDEX survey_customer ON survey (customer_id, answered_at, id);
CREATE INDEX survey_unit ON survey (unit, answered_at, id);
CREATE INDEX survey_source ON survey (source, answered_at, id);
CREATE INDEX survey_answered ON survey (answered_at, id)"""


def upgrade() -> None:
    for statement in TABLES.split(";"):
        op.execute(statement)


def downgrade() -> None:
    op.execute("DROP TABLE survey, call")
