"""The tables of the delivery, as the first migration of every service makes them. It stays as it is; a change is a new step beside it."""

from alembic import op

TABLES = """
CREATE TABLE inbox (id uuid PRIMARY KEY, arrived_at timestamptz NOT NULL DEFAULT now());
CREATE INDEX inbox_arrived_at ON inbox USING brin (arrived_at);

CREATE TABLE outbox (
    position bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, id uuid NOT NULL, topic text NOT NULL, key text NOT NULL, type text NOT NULL,
    subject text, unit text, payload bytea, trace text, correlation text, announced_at timestamptz NOT NULL DEFAULT now()
) WITH (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 5000);

CREATE TABLE parked (
    id uuid PRIMARY KEY, inbox_id uuid, source varchar, event_id varchar, type varchar, topic varchar NOT NULL, partition integer NOT NULL,
    record_offset bigint NOT NULL, record_at timestamptz NOT NULL, key bytea, value bytea, headers jsonb NOT NULL,
    code varchar NOT NULL, pointer varchar, message varchar NOT NULL, ours boolean NOT NULL,
    state varchar(32) NOT NULL CHECK (state IN ('open', 'requested', 'replayed', 'resent', 'discarded')),
    attempts integer NOT NULL, replays integer NOT NULL, first_failed_at timestamptz NOT NULL, last_failed_at timestamptz NOT NULL,
    closed_at timestamptz, correlation varchar,
    CONSTRAINT parked_place UNIQUE (topic, partition, record_offset, record_at)
);
CREATE INDEX parked_open_inbox_id ON parked (inbox_id) WHERE state IN ('open', 'requested');
CREATE INDEX parked_open_topic ON parked (topic, first_failed_at) WHERE state IN ('open', 'requested');
CREATE INDEX parked_state ON parked (state, id);
CREATE INDEX parked_closed_at ON parked (closed_at) WHERE closed_at IS NOT NULL;
CREATE INDEX parked_bytes ON parked (first_failed_at) WHERE value IS NOT NULL OR key IS NOT NULL;

CREATE TABLE stopped (topic text PRIMARY KEY, reason text NOT NULL, since timestamptz NOT NULL DEFAULT now());

CREATE TABLE idempotency (
    scope text, key text, request_hash bytea NOT NULL, status integer, headers jsonb, body bytea, created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (scope, key)
);
CREATE INDEX idempotency_created_at ON idempotency (created_at)"""


def upgrade() -> None:
    for statement in TABLES.split(";"):
        op.execute(statement)


def downgrade() -> None:
    op.execute("DROP TABLE idempotency, stopped, parked, outbox, inbox")
