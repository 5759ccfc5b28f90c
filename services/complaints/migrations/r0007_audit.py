"""The audit trail."""

revision, down_revision = "0007", "0006"


def upgrade() -> None:
    pass


def downgrade() -> None:
    pass
