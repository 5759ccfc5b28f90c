"""Facts about an order, kept so that they commute: each once, and of contradicting ones the same one, in any order of arrival.

A fact carries its business moment (`at`). What is equal in that is ordered by what it says, so that nobody's order of arrival decides.
"""

from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime
from typing import Any

import orjson

Fact = dict[str, Any]
MOST = 200  # of one kind about one thing; what is beyond is a publisher gone wild


def order_of(fact: Fact) -> tuple[str, bytes]:
    return fact["at"], orjson.dumps(fact, option=orjson.OPT_SORT_KEYS)


def earliest(known: Fact | None, fact: Fact) -> Fact:
    return fact if known is None else min(known, fact, key=order_of)


def latest(known: Fact | None, fact: Fact) -> Fact:
    return fact if known is None else max(known, fact, key=order_of)


def added(known: Iterable[Fact], fact: Fact) -> list[Fact]:
    """All that was said, in the order of its moments."""
    facts = {order_of(it): it for it in (*known, fact)}
    return [facts[order] for order in sorted(facts)[-MOST:]]


def filed(known: Mapping[str, Any], name: str, fact: Any) -> dict[str, Any]:
    """Under its own name. The same names are left out whatever came first."""
    facts = {**known, name: fact}
    return facts if len(facts) <= MOST else {name: facts[name] for name in sorted(facts)[:MOST]}


def iso(moment: datetime | date | None) -> str | None:
    """A day stays a day, a moment is told in UTC, so that equal moments are equal texts."""
    if isinstance(moment, datetime):
        return moment.astimezone(UTC).isoformat(timespec="microseconds")
    return moment.isoformat() if moment else None
