"""Whom an id means, as `customers` says it: our copy; and whom we declare ourselves, as any source does.

A guest or caller who is no customer yet is declared as `reception/<id of the visit or inquiry>`, so that they can be called back.
"""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import Index, text

from services.reception.domain import Memory
from shared import known
from shared.contracts import CustomerReference
from shared.contracts.declarations import CustomerDeclared, CustomerKind, CustomerWithdrawn
from shared.known import Place
from shared.masking import masked_phone
from shared.outcome import Outcome

SYSTEM = "reception"


class KnownCustomer(known.KnownCustomer, Memory, table=True):
    __table_args__ = (
        Index("known_customer_news", "id", postgresql_where=text("news")),
        Index("known_customer_erased", "id", postgresql_where=text("erased OR gone")),
    )

    declared_as: str | None = None  # by us; null: nobody declares them, or others do


def reference_of(id: UUID) -> CustomerReference:
    """Who comes, or calls, before anybody knows more."""
    return CustomerReference(system=SYSTEM, id=str(id))


def declare(who: KnownCustomer, id: UUID, *, name: str, phone: str | None, unit: str) -> Outcome:
    """Say all we know of them. Their names and numbers are on this event alone."""
    told = CustomerDeclared(
        customer=reference_of(id), kind=CustomerKind.PERSON, display_name=name, phones=[phone] if phone else None, orgunit=unit
    )
    who.declared_as = told.key
    return [who, told]


def declare_caller(who: KnownCustomer, id: UUID, number: str, *, unit: str) -> Outcome:
    """Of a caller only the number is known, so the file is named by what everybody may see of it."""
    return declare(who, id, name=masked_phone(number), phone=number, unit=unit)


def forget(held: Sequence[KnownCustomer], place: Place) -> Outcome:
    """The customer is erased: only ids stay, and what we declared is taken back."""
    withdrawn: Outcome = []
    for who in held:
        if who.declared_as:
            withdrawn.append(CustomerWithdrawn.from_key(who.declared_as))
            who.declared_as = None
    return [*known.forget(held, place), *withdrawn]
