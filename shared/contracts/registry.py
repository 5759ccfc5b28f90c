"""Every type of event by its wire name: those that other systems may send us, and our own. A name stands for one shape for ever."""

from collections.abc import Iterator, Mapping, Sequence
from types import MappingProxyType, ModuleType

from shared.contracts import (
    Event,
    complaints,
    contacts,
    customers,
    declarations,
    field_service,
    followup,
    notes,
    orders,
    reception,
    rejections,
    telephony,
)

INBOUND_TYPES: Mapping[str, type[Event]] = MappingProxyType(
    {event.name: event for event in (*declarations.EVENTS, *orders.EVENTS, *field_service.EVENTS, *telephony.EVENTS)}
)
WITHDRAWALS: Mapping[str, type[Event]] = MappingProxyType(
    {
        declarations.CustomerDeclared.name: declarations.CustomerWithdrawn,
        declarations.StaffDeclared.name: declarations.StaffWithdrawn,
    }
)
"""What a null value means where it means anything, by the type of what it withdraws."""
TOMBSTONES: Mapping[str, type[Event]] = MappingProxyType(
    {
        event.topic: event
        for event in (declarations.CustomerWithdrawn, declarations.StaffWithdrawn, contacts.ContactErased, notes.NoteErased)
    }
)
"""The same by topic, also on our own."""


def announced_in(module: ModuleType) -> Iterator[type[Event]]:
    for it in vars(module).values():
        if isinstance(it, type) and issubclass(it, Event) and it.__module__ == module.__name__ and hasattr(it, "name") and not it.tombstone:
            yield it


OWN_EVENTS: Sequence[type[Event]] = tuple(
    event for module in (customers, contacts, complaints, followup, reception, notes, rejections) for event in announced_in(module)
)
"""Several publishers may say the same, each on its own topic: one name and one shape, a class for each."""
OWN_TYPES: Mapping[str, type[Event]] = MappingProxyType({event.name: event for event in OWN_EVENTS})


def topics_of(name: str) -> list[str]:
    """Where events of this name are published: on one topic, unless several publishers say the same."""
    return [event.topic for event in (*INBOUND_TYPES.values(), *OWN_EVENTS) if event.name == name]


def topic_of(type: str) -> str | None:
    """Where events of this inbound type belong; None for a type that this version does not know."""
    contract = INBOUND_TYPES.get(type)
    return contract.topic if contract else None
