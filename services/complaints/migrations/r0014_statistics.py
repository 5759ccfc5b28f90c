"""By what complaints are counted: the product, the department and the cause; when they ended; and where those of the past came from."""

from alembic import op

revision, down_revision = "0014", "0013"

COLUMNS = "product varchar", "department varchar", "cause varchar", "closed_at timestamptz", "reference varchar", "import_id uuid"
FLAGS = "untouched", "undated"
INDEXES = {"product": "product", "department": "department", "cause": "cause", "reference": "reference", "import": "import_id"}


def upgrade() -> None:
    flags = (f"{it} boolean NOT NULL DEFAULT false" for it in FLAGS)
    op.execute(f"ALTER TABLE complaint {', '.join(f'ADD {it}' for it in (*COLUMNS, *flags))}")
    for name, column in INDEXES.items():
        op.execute(f"CREATE INDEX complaint_{name} ON complaint ({column}, received_at, id)")


def downgrade() -> None:
    op.execute(f"ALTER TABLE complaint {', '.join(f'DROP {it.split()[0]}' for it in (*COLUMNS, *FLAGS))}")
