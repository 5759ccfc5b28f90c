"""Files in pieces, as a later migration of every service makes the table. It stays as it is."""

from alembic import op


def upgrade() -> None:
    op.execute("CREATE TABLE stored_piece (file_id uuid, number integer, content bytea NOT NULL, PRIMARY KEY (file_id, number))")
    op.execute("ALTER TABLE stored_piece ALTER content SET STORAGE EXTERNAL")  # most of it is packed already


def downgrade() -> None:
    op.execute("DROP TABLE stored_piece")
