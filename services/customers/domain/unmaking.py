"""Whom an import alone had told of, and nothing is about any more once it is undone: they had never been there."""

from collections.abc import Iterable, Mapping
from uuid import UUID

from services.customers.domain.claim import Claim, Standing
from services.customers.domain.customer import Customer, CustomerState
from services.customers.domain.order import Order
from shared.ids import customer_of
from shared.outcome import Gone, Outcome

IMPORTS = "/import/"  # the sources of imports: /import/erp


def source_of(system: str) -> str:
    return f"{IMPORTS}{system}"


def only_imported(reference: str, claims: Mapping[str, Claim], customers: Mapping[UUID, Customer]) -> Customer | None:
    """Their customer, if nobody but an import ever spoke of it, so far as its file shows: whether orders do is another question."""
    claim = claims.get(reference)
    customer = customers.get(claim.customer_id) if claim else None
    if claim is None or customer is None or claim.standing is not Standing.MENTIONED or [*customer.names] != [reference]:
        return None
    is_ours = customer.id == customer_of(reference) and customer.source.startswith(IMPORTS)
    return customer if is_ours and customer.state is CustomerState.PROVISIONAL else None


def unmake(customers: Iterable[Customer], claims: Mapping[str, Claim]) -> Outcome:
    return [Gone(it) for customer in customers for it in (*(claims[name] for name in customer.names), customer)]


def gone(orders: Iterable[Order]) -> Outcome:
    return [Gone(it) for it in orders]
