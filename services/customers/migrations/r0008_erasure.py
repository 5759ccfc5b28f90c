"""Erasures, and what is left of those who are erased."""

revision, down_revision = "0008", "0007"


def upgrade() -> None:
    pass


def downgrade() -> None:
    pass
