"""The audit trail."""

from shared.migrations import audit_0001

revision, down_revision = "0007", "0006"
upgrade, downgrade = audit_0001.upgrade, audit_0001.downgrade
