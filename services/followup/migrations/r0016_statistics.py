"""Statistics."""

revision, down_revision = "0016", "0015"


def upgrade() -> None:
    """Nothing yet."""


def downgrade() -> None:
    """Nothing yet."""
