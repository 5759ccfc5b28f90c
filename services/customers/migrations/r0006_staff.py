"""The staff directory."""

revision, down_revision = "0006", "0005"


def upgrade() -> None:
    pass


def downgrade() -> None:
    pass
