"""What reception knows of its colleagues."""

from typing import Annotated

from services.reception.domain.colleague import Colleague
from shared import staff
from shared.contracts.declarations import StaffDeclared, StaffWithdrawn
from shared.gate import Origin
from shared.outcome import Outcome
from shared.reactions import Listener, one
from shared.units import Units

on = Listener("careloop.inbound.staff")

Known = Annotated[Colleague | None, one(Colleague, id=lambda event: event.staff_id)]


@on(StaffDeclared)
def know_them(event: StaffDeclared, colleague: Known, *, units: Units, origin: Origin) -> Outcome:
    """Where they work, what they are and can do, and when they are away."""
    return staff.hear(Colleague, colleague, event, origin.place, units=units)


@on(StaffWithdrawn)
def let_them_go(event: StaffWithdrawn, colleague: Known, *, units: Units, origin: Origin) -> Outcome:
    """The directory no longer has them: they left."""
    return staff.let_go(Colleague, colleague, event.staff_id, origin.place, units=units)
