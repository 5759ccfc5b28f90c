"""By when a shipment was to be there, and how one knows: what others told last, whose day ends at 24:00 where the unit is.  ORDR-07, D-31"""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from services.followup.domain.fulfilment import Fulfilment, arrival_in_force, delays_of, when
from shared.units import Unit


@dataclass(frozen=True, slots=True)
class Arrival:
    """`told`: the date or the moment as it was told; `unwatched`: it had passed before we first heard of it."""

    shipment_id: str
    state: Literal["running", "met", "missed", "unwatched"]
    due_at: datetime
    told: str
    told_at: datetime
    source: str
    zone: str

    @property
    def why(self) -> dict[str, str]:
        end = f"{self.told} 24:00 ({self.zone})" if len(self.told) == 10 else self.told
        return {
            "zh": f"{self.source}于{self.told_at:%Y-%m-%d %H:%M}(UTC)告知预计到货时间{self.told};期限为{end}。",
            "en": f"{self.source} told on {self.told_at:%Y-%m-%d %H:%M} UTC that it arrives by {self.told}; the time ends on {end}.",
        }


def arrivals_of(order: Fulfilment, unit: Unit) -> list[Arrival]:
    """Of all shipments whose arrival anybody told."""
    found = []
    for shipment, facts in order.shipments.items():
        told = [it for it in ([facts["shipped"]] if "shipped" in facts else []) + delays_of(facts, unit) if it["until"]]
        if not told:
            continue
        last = told[-1]
        passed = next((it for it in reversed(delays_of(facts, unit)) if it.get("passed")), None)
        due_at = datetime.fromisoformat(passed["passed"]) if passed else arrival_in_force(facts, unit) or unit.end_of(when(last["until"]))
        watched = facts.get("watched", {}).get("on", True)
        state: Literal["running", "met", "missed", "unwatched"] = "missed" if passed else "running" if watched else "unwatched"
        if order.has_arrived(shipment) and not passed:
            state = "met"
        found.append(Arrival(shipment, state, due_at, last["until"], datetime.fromisoformat(last["at"]), last["source"] or "", unit.zone))
    return found
