"""The staff directory."""

from alembic import op

from shared.migrations import staff_0001

revision, down_revision = "0006", "0005"

MORE = """
ALTER TABLE colleague ADD display_name varchar, ADD email varchar, ADD phone varchar, ADD version integer NOT NULL;
CREATE INDEX colleague_posts ON colleague USING gin (posts);
CREATE INDEX colleague_roles ON colleague USING gin (roles);
CREATE INDEX colleague_skills ON colleague USING gin (skills);
CREATE INDEX colleague_active ON colleague (active, id)"""


def upgrade() -> None:
    staff_0001.upgrade()
    for statement in MORE.split(";"):
        op.execute(statement)


downgrade = staff_0001.downgrade
