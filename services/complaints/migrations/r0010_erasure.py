"""Erasures: whom we are to forget."""

from shared.migrations import erasure_0001

revision, down_revision = "0010", "0009"
downgrade = erasure_0001.downgrade_copies


def upgrade() -> None:
    erasure_0001.upgrade_copies("complaint")
