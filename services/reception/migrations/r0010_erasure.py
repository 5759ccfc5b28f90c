"""What was erased."""

revision, down_revision = "0010", "0009"


def upgrade() -> None:
    pass


def downgrade() -> None:
    pass
