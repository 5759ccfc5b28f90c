"""Whom we know of the staff."""

revision, down_revision = "0008", "0007"


def upgrade() -> None:
    pass


def downgrade() -> None:
    pass
