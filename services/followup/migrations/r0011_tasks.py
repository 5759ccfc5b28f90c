"""What waits for whom."""

revision, down_revision = "0011", "0010"


def upgrade() -> None:
    pass


def downgrade() -> None:
    pass
