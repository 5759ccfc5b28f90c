"""What a source says of one of its customers, and what several of them say together."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from services.customers.domain.claim import Place

Facts = dict[str, Any]
FILE = "kind", "display_name", "contact_person", "business_scope", "preferred_channel", "language", "time_zone"
POINTS = "phones", "emails"
FACTS = (*FILE, *POINTS, "unit", "address", "consents")


@dataclass(frozen=True, slots=True)
class Declaration:
    """All that a source knows of one of its customers; what it said before is replaced."""

    reference: str
    source: str
    at: datetime  # of several about one customer, the latest holds
    facts: Facts
    names: tuple[str, ...] = ()  # other references of the same customer, as they stand in it
    place: Place | None = None  # where it stands in its topic; None: it does not come from there
    import_id: str | None = None  # of the file that says so
    others: tuple[str, ...] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "others", tuple(dict.fromkeys(name for name in self.names if name != self.reference)))

    @property
    def said(self) -> Facts:
        """As the file keeps it."""
        facts = {name: self.facts[name] for name in FACTS if self.facts.get(name) not in (None, [])}
        said = {"at": self.at.astimezone(UTC).isoformat(timespec="microseconds"), "facts": facts}
        return said | {"import": self.import_id} if self.import_id else said


def together(told: Mapping[str, Facts]) -> Facts:
    """The latest word on each fact, and every contact point, those told last first. `told`: by reference, as the file keeps it."""
    latest = [
        told[reference]["facts"] for reference in sorted(told, key=lambda reference: (told[reference]["at"], reference), reverse=True)
    ]
    facts: Facts = {name: next((it[name] for it in latest if name in it), None) for name in (*FILE, "unit")}
    return facts | {name: list(union(it.get(name, ()) for it in latest)) for name in POINTS}


def latest_word(names: Mapping[str, Mapping[str, Any]], fact: str) -> Any:
    """On a fact that stands in what was said and not in the file itself: an address, the consents. `names`: those of a customer, as it keeps them."""
    told = [it["said"] for it in names.values() if it["said"] and fact in it["said"]["facts"]]
    return max(told, key=lambda said: str(said["at"]))["facts"][fact] if told else None


def union(lists: Iterable[Iterable[str]]) -> dict[str, None]:
    return dict.fromkeys(point for points in lists for point in points)
