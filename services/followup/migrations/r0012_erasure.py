"""What was erased."""

revision, down_revision = "0012", "0011"


def upgrade() -> None:
    pass


def downgrade() -> None:
    pass
