"""What staff are told."""

from alembic import op

revision, down_revision = "0013", "0012"

TABLES = """
CREATE TABLE staff_notice (
    id uuid PRIMARY KEY, kind varchar NOT NULL, about varchar NOT NULL, unit varchar NOT NULL, to_staff varchar, to_role varchar, customer_id uuid,
    urgent boolean NOT NULL, moot boolean NOT NULL, owed_at timestamptz, facts jsonb NOT NULL,
    state varchar(32) NOT NULL CHECK (state IN ('planned', 'held', 'sending', 'sent', 'failed', 'skipped')),
    reason varchar, news_at timestamptz NOT NULL, planned_at timestamptz NOT NULL, due_at timestamptz NOT NULL, sent_at timestamptz,
    deliveries jsonb NOT NULL, correlation varchar, version integer NOT NULL, CHECK (to_staff IS NOT NULL OR to_role IS NOT NULL)
);
CREATE INDEX staff_notice_due ON staff_notice (due_at) WHERE state IN ('planned', 'held');
CREATE INDEX staff_notice_away ON staff_notice (id) WHERE state = 'held' AND reason = 'absent';
CREATE INDEX staff_notice_about ON staff_notice (about, planned_at, id);
CREATE INDEX staff_notice_to_staff ON staff_notice (to_staff, planned_at, id);
CREATE INDEX staff_notice_kind ON staff_notice (kind, planned_at, id);
CREATE INDEX staff_notice_state ON staff_notice (state, planned_at, id);
CREATE INDEX staff_notice_unit ON staff_notice (unit, planned_at, id);
CREATE INDEX staff_notice_planned ON staff_notice (planned_at, id);

CREATE TABLE staff_message (
    id uuid PRIMARY KEY, channel varchar NOT NULL, recipient varchar NOT NULL, unit varchar NOT NULL, notices jsonb NOT NULL, subject varchar NOT NULL,
    text varchar NOT NULL,
    urgent boolean NOT NULL, state varchar(32) NOT NULL CHECK (state IN ('sending', 'sent', 'failed')), reason varchar, tries integer NOT NULL,
    pauses integer NOT NULL, provider_id varchar, planned_at timestamptz NOT NULL, opened_at timestamptz, tried_at timestamptz, due_at timestamptz NOT NULL,
    version integer NOT NULL
);
CREATE INDEX staff_message_due ON staff_message (due_at) WHERE state = 'sending';
CREATE INDEX staff_message_tried ON staff_message (channel, recipient, tried_at)"""


def upgrade() -> None:
    for statement in TABLES.split(";"):
        op.execute(statement)


def downgrade() -> None:
    op.execute("DROP TABLE staff_message, staff_notice")
