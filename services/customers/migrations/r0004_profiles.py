"""Which versions of profiles were in force."""

from shared.migrations import profiles_0001

revision, down_revision = "0004", "0003"
upgrade, downgrade = profiles_0001.upgrade, profiles_0001.downgrade
