"""What waits for whom: what was special in it is among its facts, and somebody can have it.

The version before goes on beside this one while it is rolled out: its columns stay, and a trigger makes what either writes readable to the other.
A later version drops both.
"""

from alembic import op

from shared.migrations import tasks_0001
from shared.migrations.left import leave, take_back

revision, down_revision = "0009", "0008"

INDEXES = "newest", "state", "role", "kind", "complaint", "about", "customer", "unit", "source", "named"
UP = """
ALTER TABLE task DROP CONSTRAINT task_kind_check, DROP CONSTRAINT task_role_check, DROP CONSTRAINT task_state_check, DROP CONSTRAINT task_check,
    DROP CONSTRAINT task_check1, DROP CONSTRAINT task_check2, ALTER kind TYPE varchar, ALTER role TYPE varchar, ALTER named_id DROP NOT NULL,
    ALTER customer_id DROP NOT NULL, ADD assigned_to varchar, ADD due_at timestamptz,
    ADD urgent_at timestamptz NOT NULL DEFAULT '9999-12-31 00:00+00', ADD facts jsonb NOT NULL DEFAULT '{}', ALTER aspects SET DEFAULT '[]';
UPDATE task SET
    facts = jsonb_build_object('aspects', aspects) || CASE WHEN round IS NULL THEN '{}' ELSE jsonb_build_object('round', round) END"""
# Whoever wrote the row, both versions find in it what they look for.
BESIDE = """
CREATE FUNCTION task_beside() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.facts = '{}' THEN
        NEW.facts := jsonb_build_object('aspects', NEW.aspects)
            || CASE WHEN NEW.round IS NULL THEN '{}' ELSE jsonb_build_object('round', NEW.round) END;
    ELSE
        NEW.aspects := coalesce(NEW.facts -> 'aspects', '[]');
        IF NEW.facts ? 'round' AND NEW.about LIKE 'complaint:%' THEN
            NEW.round := (NEW.facts ->> 'round')::integer;
            NEW.complaint_id := split_part(NEW.about, ':', 2)::uuid;
        END IF;
    END IF;
    RETURN NEW;
END $$"""
DOWN = """
DELETE FROM task WHERE kind NOT IN ('fair', 'dissatisfied') OR state = 'called_off' OR customer_id IS NULL;
ALTER TABLE task DROP CONSTRAINT task_state_check, DROP CONSTRAINT task_done_check, DROP CONSTRAINT task_done_by_check,
    DROP CONSTRAINT task_customer_check;
UPDATE task SET done_by = CASE WHEN state = 'done' THEN coalesce(done_by, '') END;
ALTER TABLE task ALTER kind TYPE varchar(32), ALTER role TYPE varchar(32), ALTER aspects DROP DEFAULT, ALTER named_id SET NOT NULL,
    ALTER customer_id SET NOT NULL, DROP assigned_to, DROP due_at, DROP urgent_at, DROP facts,
    ADD CONSTRAINT task_kind_check CHECK (kind IN ('fair', 'dissatisfied')), ADD CONSTRAINT task_role_check CHECK (role IN ('supervisor', 'leader')),
    ADD CONSTRAINT task_state_check CHECK (state IN ('open', 'done')), ADD CONSTRAINT task_check CHECK ((complaint_id IS NULL) = (round IS NULL)),
    ADD CONSTRAINT task_check1 CHECK ((state = 'done') = (done_at IS NOT NULL)), ADD CONSTRAINT task_check2 CHECK ((state = 'done') = (done_by IS NOT NULL))"""


def upgrade() -> None:
    for name in INDEXES:
        op.execute(f"DROP INDEX task_{name}")
    for statement in UP.split(";"):
        op.execute(statement)
    op.execute(BESIDE)
    op.execute("CREATE TRIGGER task_beside BEFORE INSERT ON task FOR EACH ROW EXECUTE FUNCTION task_beside()")
    leave("task", "complaint_id", "round", "aspects")
    tasks_0001.complete()
    tasks_0001.mark_clocks()


def downgrade() -> None:
    tasks_0001.unmark_clocks()
    op.execute("DROP TRIGGER task_beside ON task")
    op.execute("DROP FUNCTION task_beside()")
    take_back("task", "complaint_id", "round", "aspects")
    for name in (*INDEXES, "assigned", "next", "free", "held"):
        op.execute(f"DROP INDEX IF EXISTS task_{name}")
    for statement in DOWN.split(";"):
        op.execute(statement)
    for name in INDEXES:
        column = {"newest": "", "customer": "customer_id, ", "complaint": "complaint_id, "}.get(name, f"{name}, ")
        op.execute(f"CREATE INDEX task_{name} ON task ({'named_id' if name == 'named' else f'{column}created_at, id'})")
