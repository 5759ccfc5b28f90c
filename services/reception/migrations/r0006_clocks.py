"""Clocks."""

from shared.migrations import clocks_0001

revision, down_revision = "0006", "0005"
upgrade, downgrade = clocks_0001.upgrade, clocks_0001.downgrade
