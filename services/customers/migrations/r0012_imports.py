"""Imports."""

revision, down_revision = "0012", "0011"


def upgrade() -> None:
    """Nothing yet."""


def downgrade() -> None:
    """Nothing yet."""
