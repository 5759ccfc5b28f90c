"""What comes in from spreadsheets."""

from shared.migrations import imports_0001

revision, down_revision = "0012", "0011"
upgrade, downgrade = imports_0001.upgrade, imports_0001.downgrade
