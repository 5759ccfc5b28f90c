"""`--since`: a moment, or how long ago."""

import re
from datetime import UTC, datetime, timedelta

from shared.clock import now
from shared.errors import Invalid

UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}


def since(told: str | None) -> datetime | None:
    """`30m`, `8h`, `2d`, a date, or a moment; without an offset it is UTC."""
    if told is None:
        return None
    if ago := re.fullmatch(r"(\d{1,6})([smhd])", told):
        return now() - timedelta(**{UNITS[ago[2]]: int(ago[1])})
    try:
        moment = datetime.fromisoformat(told)
    except ValueError:
        raise Invalid(f"{told!r} is no moment: write 30m, 8h, 2d, 2026-05-01 or 2026-05-01T08:00+08:00.") from None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
