"""What waits for whom, and what somebody is to see to: shipments in trouble, and customers whom no message reaches."""

from alembic import op

from shared.migrations import tasks_0001

revision, down_revision = "0011", "0010"

MARKS = """
ALTER TABLE fulfilment ADD trouble jsonb NOT NULL DEFAULT '{}', ADD asked jsonb NOT NULL DEFAULT '{}';
CREATE INDEX fulfilment_asked ON fulfilment (id) WHERE trouble <> asked;
ALTER TABLE notice ADD asked boolean NOT NULL DEFAULT false;
UPDATE notice SET asked = true WHERE state IN ('failed', 'awaiting_contact');
CREATE INDEX notice_failed ON notice (id) WHERE state = 'failed' AND NOT asked;
CREATE INDEX notice_waiting ON notice (unit, due_at, id) WHERE state = 'awaiting_contact' AND NOT asked;
CREATE INDEX notice_told ON notice (id) WHERE asked AND state NOT IN ('failed', 'awaiting_contact')"""
BACK = """
DROP INDEX notice_told;
DROP INDEX notice_waiting;
DROP INDEX notice_failed;
ALTER TABLE notice DROP asked;
DROP INDEX fulfilment_asked;
ALTER TABLE fulfilment DROP trouble, DROP asked;
DROP INDEX call_held"""


def upgrade() -> None:
    tasks_0001.upgrade()
    tasks_0001.mark_clocks()
    for statement in MARKS.split(";"):
        op.execute(statement)
    op.execute(
        "CREATE INDEX call_held ON call (assigned_to, id) WHERE assigned_to IS NOT NULL"
        " AND state IN ('planned', 'assigned', 'due', 'attempted', 'callback_agreed')"
    )


def downgrade() -> None:
    for statement in BACK.split(";"):
        op.execute(statement)
    tasks_0001.unmark_clocks()
    tasks_0001.downgrade()
