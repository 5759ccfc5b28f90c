"""What comes in from spreadsheets."""

from shared.migrations import imports_0001

revision, down_revision = "0013", "0012"
upgrade, downgrade = imports_0001.upgrade, imports_0001.downgrade
