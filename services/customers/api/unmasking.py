"""Looking behind the mask of a customer's file, with a purpose and a line in the audit trail."""

from typing import Any, Literal
from uuid import UUID

from services.customers.domain.declaration import latest_word
from services.customers.store import customers
from services.customers.store.customers import CustomerNotFound
from shared.contracts.values import Email, Phone
from shared.http import AtHand, Now, Router, Session, Staff, View, allow, problems
from shared.unmasking import Shown, Unmasking, looked

router = Router("/v1/customers", tags=["customers"])
KINDS = {
    "phones": Shown.CONTACT,
    "emails": Shown.CONTACT,
    "contact_person": Shown.CONTACT,
    "address": Shown.CONTACT,
    "consents": Shown.CONSENT,
}
CustomerField = Literal["phones", "emails", "contact_person", "address", "consents"]


class UnmaskedCustomer(View):
    """What was asked for of a customer; what was not is left out."""

    customer_id: UUID
    phones: list[Phone] | None = None
    emails: list[Email] | None = None
    contact_person: str | None = None
    address: str | None = None
    consents: list[dict[str, Any]] | None = None


@router.post(
    "/{customer_id}/unmasking", response_model=UnmaskedCustomer, response_model_exclude_unset=True,
    dependencies=[allow("customers.unmask", kept=False)], responses=problems(CustomerNotFound),
)  # fmt: skip
async def unmask_customer(
    customer_id: UUID, body: Unmasking[CustomerField], session: Session, staff: Staff, means: AtHand, now: Now
) -> dict[str, Any]:
    """See fields of a customer as they are, for a purpose. Each look leaves a line in the audit trail; the answer is kept nowhere, also not under
    an `Idempotency-Key`."""
    customer = await customers.by_id(session, customer_id)
    fields = await looked(
        session, means.metrics, body, KINDS, about=f"customer:{customer.id}", unit=customer.unit, by=staff.sub, at=now
    )  # fmt: skip
    values = {
        name: latest_word(customer.names, name) if name in ("address", "consents") else getattr(customer, name) for name in fields
    }  # fmt: skip
    return {"customer_id": customer.id} | values
