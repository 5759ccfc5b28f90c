"""The journal of what was announced."""

from shared.migrations import delivery_0002

revision, down_revision = "0003", "0002"
upgrade, downgrade = delivery_0002.upgrade, delivery_0002.downgrade
