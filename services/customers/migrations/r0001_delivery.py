"""The tables of the delivery."""

from shared.migrations import delivery_0001

revision, down_revision = "0001", None
upgrade, downgrade = delivery_0001.upgrade, delivery_0001.downgrade
