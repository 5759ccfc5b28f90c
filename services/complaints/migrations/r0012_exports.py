"""Registers as files."""

from shared.migrations import exports_0001

revision, down_revision = "0012", "0011"
upgrade, downgrade = exports_0001.upgrade, exports_0001.downgrade
