"""Every type that other systems may send us, by its wire name. A name stands for one shape for ever."""

from collections.abc import Mapping
from types import MappingProxyType

from shared.contracts import Event, declarations, field_service, orders, telephony

INBOUND_TYPES: Mapping[str, type[Event]] = MappingProxyType(
    {event.name: event for event in (*declarations.EVENTS, *orders.EVENTS, *field_service.EVENTS, *telephony.EVENTS)}
)
WITHDRAWALS: Mapping[str, type[Event]] = MappingProxyType({declarations.CustomerDeclared.name: declarations.CustomerWithdrawn})
"""What a null value means where it means anything, by the type of what it withdraws."""


def topic_of(type: str) -> str | None:
    """Where events of this type belong; anywhere else is `wrong_topic`. None: nobody sends us that."""
    contract = INBOUND_TYPES.get(type)
    return contract.topic if contract else None
