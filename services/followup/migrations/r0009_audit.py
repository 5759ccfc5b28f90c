"""The audit trail."""

from shared.migrations import audit_0001

revision, down_revision = "0009", "0008"
upgrade, downgrade = audit_0001.upgrade, audit_0001.downgrade
