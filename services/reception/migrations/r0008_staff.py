"""Whom we know of the staff."""

from shared.migrations import staff_0001

revision, down_revision = "0008", "0007"
upgrade, downgrade = staff_0001.upgrade, staff_0001.downgrade
