"""What staff are told."""

revision, down_revision = "0013", "0012"


def upgrade() -> None:
    pass


def downgrade() -> None:
    pass
