"""How customers are called in the tests of calls: numbers of the regulations, whatever the shipped profiles say."""

from dataclasses import replace
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from services.followup.domain.policy import Calls, Trade
from shared.worktime.calendar import Calendar, CalendarPart
from shared.worktime.holidays import Knowledge
from tests.followup.conftest import TRADE

KNOWN = Knowledge.read(None)
SHANGHAI, BERLIN, CHICAGO = ZoneInfo("Asia/Shanghai"), ZoneInfo("Europe/Berlin"), ZoneInfo("America/Chicago")
REST = [("21:00", "08:00"), ("12:00", "14:00")]  # FLUP-03
WINDOWS = [("10:30", "11:30"), ("15:00", "17:30")]  # FLUP-18


def hours(*spans: tuple[str, str]) -> list[dict[str, str]]:
    return [{"since": since, "until": until} for since, until in spans]


def calls(*windows: tuple[str, str], **facts: Any) -> Calls:
    told = {
        "windows": hours(*windows), "rest": hours(*REST), "attempts": 3, "apart": "4 h", "agreed_within": "30 min", "give_up_after": "5 wd",
        "complaint": {"within": "3 cd", "rule": "FLUP-06"},
        "visit": {"after": "2 h", "within": "1 cd", "rule": "FLUP-25"},
        "measurement": {"after": "1 wd", "within": "1 wd", "rule": "FLUP-09"},
        "installation": {"after": "2 cd", "within": "3 cd", "rule": "FLUP-12"},
        "repair": {"within": "3 cd", "rule": "ours"},
        "order": {"within": "5 wd", "rule": "FLUP-13, ours"},
        "lost_order": {"after": "1 wd", "within": "3 wd", "rule": "FLUP-10, ours"},
    }  # fmt: skip
    return Calls.model_validate(told | facts)


def calendar(zone: ZoneInfo = SHANGHAI, **facts: Any) -> Calendar:
    part = CalendarPart.model_validate({"hours": hours(("09:00", "12:00"), ("14:30", "18:00"))} | facts)
    return Calendar("test", part, zone, KNOWN)


def trade(of: Calls) -> Trade:
    """The standard trade, with these calls."""
    profiles = {name: replace(it, policy=it.policy.model_copy(update={"calls": of})) for name, it in TRADE.profiles.items()}
    return replace(TRADE, profiles=profiles)


CALLS, DECORATION = calls(), calls(*WINDOWS)
PLAIN = calendar()  # Saturday, Sunday and the public holidays of China are off
TUESDAY_OFF = calendar(rest=["tuesday"])


def there(zone: ZoneInfo, *when: int, fold: int = 0) -> datetime:
    """A moment by the clocks of a zone."""
    year, month, day, hour, minute = when
    return datetime(year, month, day, hour, minute, tzinfo=zone, fold=fold)
