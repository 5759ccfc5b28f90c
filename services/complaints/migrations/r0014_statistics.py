"""Statistics."""

revision, down_revision = "0014", "0013"


def upgrade() -> None:
    """Nothing yet."""


def downgrade() -> None:
    """Nothing yet."""
