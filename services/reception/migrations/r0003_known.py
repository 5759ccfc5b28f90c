"""Whom ids mean, and what people said."""

from shared.migrations import known_0001

revision, down_revision = "0003", "0002"
upgrade, downgrade = known_0001.upgrade, known_0001.downgrade
