"""Takes back what an imported file said of a customer: what was said before holds again, or nobody says anything of them.

What was announced meanwhile can't be taken back, so others are told anew. Two customers of whom a file said that they are one stay one.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from services.customers.domain.claim import Claim, Standing
from services.customers.domain.customer import Customer, CustomerState
from services.customers.domain.declaration import Declaration
from services.customers.domain.erased import ErasedReference
from services.customers.domain.filing import Desk, declare, unsay
from shared.outcome import Outcome
from shared.units import Units

Before = dict[str, Any]  # what it takes to undo a row, as JSON


def before(reference: str, source: str, mine: Claim | None, holder: Customer | None, names: Sequence[str]) -> Before:
    """What is said under this name now. `names`: what else it calls its customer."""
    said = holder.names[reference]["said"] if holder else None
    return {"reference": reference, "source": source, "said": said, "names": [*names], "standing": str(mine.standing) if mine else None}


def is_still(customer: Customer, reference: str, import_id: str) -> bool:
    """Does what this import said still hold? Whoever said something else of them since has worked on it."""
    said = customer.names[reference]["said"] if reference in customer.names else None
    return bool(said and said.get("import") == import_id)


def take_back(
    was: Before, claims: Sequence[Claim], customers: Sequence[Customer], *, units: Units, at: datetime, erased: Sequence[ErasedReference]
) -> Outcome:
    """Claims and customers as for a declaration under this name with these others. Refuses where another has claimed one of them meanwhile."""
    reference, said = was["reference"], was["said"]
    if said:
        told = Declaration(
            reference,
            was["source"],
            datetime.fromisoformat(said["at"]),
            said["facts"],
            names=tuple(was["names"]),
            import_id=said.get("import"),
        )
        return declare(told, claims, customers, units=units, at=at, erased=erased)
    desk = Desk(claims, customers, units, at)
    mine = desk.claims[reference]
    customer = desk.holder(mine)
    unsay(desk, mine)
    if mine.standing is Standing.WITHDRAWN and was["standing"] in (None, Standing.MENTIONED):
        mine.put(standing=Standing.MENTIONED)
    if customer.state is not CustomerState.REGISTERED or any(it["said"] for it in customer.names.values()):
        return desk.outcome()
    customer.forget_the_file()
    return [*desk.outcome(), customer.contact()]
