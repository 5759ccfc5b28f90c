"""What an imported file says of an order. It stands beside what events told as one word, which the next file replaces, and commutes with them.

An event has the last word where both speak of one moment. So it makes no difference whether the file or the events came first, and what a file
said can be taken back without touching what events told.
"""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any
from uuid import UUID

from services.customers.domain.facts import Fact, added, earliest, iso, latest

FILED = "imported"  # among the facts of an order
ONCE = "said_by", "unit", "placed", "confirmed", "shipped", "delivered", "cancelled"
STEPS = "confirmed", "shipped", "delivered"  # in the order in which they happen
STATUSES = "received", "confirmed", "in_production", "shipped", "delivered", "cancelled"
Moments = Mapping[str, datetime | None]


def said(
    import_id: UUID, *, reference: str, source: str, unit: str | None, moments: Moments, status: str | None, terms: Mapping[str, Any],
    shipping: Mapping[str, Any],
) -> Fact:  # fmt: skip
    """A row as the order keeps it. `moments`: placed and what else is known; `terms` and `shipping` as the events word them."""
    known = dict(moments)
    supposed = reached(status, known)
    placed = iso(known["placed"])
    facts: Fact = {"import": str(import_id), "said_by": {"at": f"0 {placed} file", "reference": reference, "source": source}}
    if unit is not None:
        facts["unit"] = {"at": f"{placed} file", "unit": unit}
    for step in ("placed", *STEPS, "cancelled"):
        if known.get(step):
            facts[step] = {"at": iso(known[step])} | ({"supposed": True} if step in supposed else {})
    if "shipped" in facts:
        facts["shipped"] |= {name: it for name, it in shipping.items() if it is not None}
    if status == "in_production":
        facts["production"] = {"at": last_of(known), "milestone": "in_progress", "supposed": True}
    facts["terms"] = {name: {"at": f"{placed} -", "is": plain(it)} for name, it in terms.items() if it is not None}
    return facts


def reached(status: str | None, known: dict[str, datetime | None]) -> set[str]:
    """A file may know that something happened and not when: then it was at the last moment that the row knows, and the fact says so."""
    step = {"in_production": "confirmed"}.get(status or "", status)
    if step not in (*STEPS, "cancelled") or known.get(step):
        return set()
    known[step] = max(it for it in known.values() if it)
    return {step}


def last_of(known: Moments) -> str | None:
    return iso(max(it for it in known.values() if it))


def plain(value: Any) -> Any:
    return iso(value) if isinstance(value, date) else value


def together(facts: Fact, filed: Fact) -> Fact:
    """What events told and what the file says, as if both had been events."""
    terms: Mapping[str, Fact] = facts.get("terms", {})
    told = {**facts, **{name: earliest(facts.get(name), filed[name]) for name in ONCE if name in filed}}
    told["terms"] = {**terms, **{name: latest(terms.get(name), it) for name, it in filed["terms"].items()}}
    if "production" in filed:
        told["production"] = added(facts.get("production", ()), filed["production"])
    return told
