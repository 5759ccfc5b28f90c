"""Files, in pieces."""

from shared.migrations import files_0001

revision, down_revision = "0011", "0010"
upgrade, downgrade = files_0001.upgrade, files_0001.downgrade
