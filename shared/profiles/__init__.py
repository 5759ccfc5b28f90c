"""Trade profiles: the numbers of the business, one TOML file a trade and a table a service, checked at start."""

from shared.profiles.limits import Limit, Milestone, When
from shared.profiles.part import Part, Rule
from shared.profiles.reading import read
from shared.profiles.trade import Profile, Trade

__all__ = ["Limit", "Milestone", "Part", "Profile", "Rule", "Trade", "When", "read"]
