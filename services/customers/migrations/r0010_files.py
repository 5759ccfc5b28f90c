"""Files, in pieces."""

from shared.migrations import files_0001

revision, down_revision = "0010", "0009"
upgrade, downgrade = files_0001.upgrade, files_0001.downgrade
