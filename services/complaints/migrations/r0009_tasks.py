"""What waits for whom: what was special in it is among its facts, and somebody can have it."""

from alembic import op

from shared.migrations import tasks_0001

revision, down_revision = "0009", "0008"

INDEXES = "newest", "state", "role", "kind", "complaint", "about", "customer", "unit", "source", "named"
UP = """
ALTER TABLE task DROP CONSTRAINT task_kind_check, DROP CONSTRAINT task_role_check, DROP CONSTRAINT task_state_check, DROP CONSTRAINT task_check,
    DROP CONSTRAINT task_check1, DROP CONSTRAINT task_check2, ALTER kind TYPE varchar, ALTER role TYPE varchar, ALTER named_id DROP NOT NULL,
    ALTER customer_id DROP NOT NULL, ADD assigned_to varchar, ADD due_at timestamptz, ADD urgent_at timestamptz, ADD facts jsonb;
UPDATE task SET urgent_at = '9999-12-31 00:00+00',
    facts = jsonb_build_object('aspects', aspects) || CASE WHEN round IS NULL THEN '{}' ELSE jsonb_build_object('round', round) END;
ALTER TABLE task ALTER urgent_at SET NOT NULL, ALTER facts SET NOT NULL, DROP complaint_id, DROP round, DROP aspects"""
DOWN = """
DELETE FROM task WHERE kind NOT IN ('fair', 'dissatisfied') OR state = 'called_off' OR customer_id IS NULL;
ALTER TABLE task DROP CONSTRAINT task_state_check, DROP CONSTRAINT task_done_check, DROP CONSTRAINT task_done_by_check,
    DROP CONSTRAINT task_customer_check, ADD complaint_id uuid, ADD round integer, ADD aspects jsonb;
UPDATE task SET complaint_id = split_part(about, ':', 2)::uuid, round = (facts ->> 'round')::integer WHERE facts ? 'round';
UPDATE task SET aspects = coalesce(facts -> 'aspects', '[]'), done_by = CASE WHEN state = 'done' THEN coalesce(done_by, '') END;
ALTER TABLE task ALTER kind TYPE varchar(32), ALTER role TYPE varchar(32), ALTER aspects SET NOT NULL, ALTER named_id SET NOT NULL,
    ALTER customer_id SET NOT NULL, DROP assigned_to, DROP due_at, DROP urgent_at, DROP facts,
    ADD CONSTRAINT task_kind_check CHECK (kind IN ('fair', 'dissatisfied')), ADD CONSTRAINT task_role_check CHECK (role IN ('supervisor', 'leader')),
    ADD CONSTRAINT task_state_check CHECK (state IN ('open', 'done')), ADD CONSTRAINT task_check CHECK ((complaint_id IS NULL) = (round IS NULL)),
    ADD CONSTRAINT task_check1 CHECK ((state = 'done') = (done_at IS NOT NULL)), ADD CONSTRAINT task_check2 CHECK ((state = 'done') = (done_by IS NOT NULL))"""


def upgrade() -> None:
    for name in INDEXES:
        op.execute(f"DROP INDEX task_{name}")
    for statement in UP.split(";"):
        op.execute(statement)
    tasks_0001.complete()
    tasks_0001.mark_clocks()


def downgrade() -> None:
    tasks_0001.unmark_clocks()
    for name in (*INDEXES, "assigned", "next", "free", "held"):
        op.execute(f"DROP INDEX IF EXISTS task_{name}")
    for statement in DOWN.split(";"):
        op.execute(statement)
    for name in INDEXES:
        column = {"newest": "", "customer": "customer_id, ", "complaint": "complaint_id, "}.get(name, f"{name}, ")
        op.execute(f"CREATE INDEX task_{name} ON task ({'named_id' if name == 'named' else f'{column}created_at, id'})")
