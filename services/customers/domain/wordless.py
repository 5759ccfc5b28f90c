"""What is left of an order whose customer is erased: codes, ids, moments, amounts and quantities, and that something was said where there were words.

What is left is a closed list: whatever else a source writes into an order goes.
"""

from collections.abc import Mapping
from typing import Any

from services.customers.domain.facts import Fact, order_of

GONE = "erased"  # instead of words; an order that had terms of payment still has some
KEPT = frozenset((
    "at", "source", "reference", "unit", "salesperson_id", "project_id", "line_id", "line_ids", "sku", "amount", "currency", "value", "requested_by",
    "milestone", "expected_completion", "code", "tracking_number", "tracking_url", "expected_arrival_from", "expected_arrival_until",
    "previous_expected_arrival_until", "kind", "proof", "shipment_id", "cancelled_by", "due_date", "promised_delivery_until",
))  # fmt: skip
CODES = {  # of what is a code in one place and words in another
    "reason": frozenset((
        "weather", "traffic", "capacity", "customs", "damaged", "lost", "refused", "address", "fulfilled", "written_off", "customer", "inventory",
        "declined", "fraud", "other",
    )),
    "field": frozenset(("lines", "total", "promised_delivery_until", "ship_to", "payment_terms")),
}  # fmt: skip


def without_words(facts: Fact) -> Fact:
    """The facts of an order; the same again changes nothing."""
    return {**{name: left_of(name, it) for name, it in facts.items()}, "erased": True}


def left_of(name: str, told: Any) -> Any:
    if isinstance(told, Mapping):
        return {key: wiped(it) if key in ("before", "after") else left_of(name if key == "is" else key, it) for key, it in told.items()}
    if isinstance(told, list):
        return once([left_of(name, it) for it in told])
    if not isinstance(told, str) or name in KEPT or told in CODES.get(name, ()):
        return told
    return GONE


def wiped(told: Any) -> str | None:
    """Of a change anything may be told, also a number that is a telephone's."""
    return None if told is None else GONE


def once(told: list[Any]) -> list[Any]:
    """What is told once more with its words is the same without them."""
    facts = [it for it in told if isinstance(it, Mapping) and "at" in it]
    return [*{order_of(dict(it)): it for it in facts}.values()] if len(facts) == len(told) else told
