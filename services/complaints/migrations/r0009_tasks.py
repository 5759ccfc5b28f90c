"""What waits for whom."""

revision, down_revision = "0009", "0008"


def upgrade() -> None:
    pass


def downgrade() -> None:
    pass
