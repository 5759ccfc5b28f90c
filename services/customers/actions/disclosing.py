"""Gives a third party some of a customer's data, and remembers who got what."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncEngine
from sqlmodel.ext.asyncio.session import AsyncSession

from services.customers.domain import disclosure as rules
from services.customers.domain.consent import Purpose
from services.customers.domain.disclosure import Disclosure, Wanted
from services.customers.store import consents, customers
from shared import audit
from shared.database import keep
from shared.errors import Refusal
from shared.masking import masked_text
from shared.outbox import Cause

DISCLOSED = "customer_disclosed"


async def disclose(
    session: AsyncSession, customer_id: UUID, wanted: Wanted, *, is_privacy_officer: bool, by: str, at: datetime
) -> tuple[Disclosure, dict[str, Any]]:
    """What is kept of it, and the values, which are kept nowhere."""
    customer = await customers.survivor(session, customer_id)
    await customers.locked(session, [customer.id])  # a consent is not withdrawn meanwhile
    given = await consents.for_purpose(session, customer, Purpose.THIRD_PARTY_DISCLOSURE)
    taken_back = await consents.withdrawals(session, customer)
    made = rules.disclose(customer, wanted, given, taken_back, is_privacy_officer=is_privacy_officer, by=by, at=at)
    known = await session.get(Disclosure, made.id)
    if known is None:
        keep(session, [made])
    await audit.record(
        session, DISCLOSED, by=by, about=f"customer:{customer.id}", at=at, purpose=str(made.purpose), fields=made.fields, unit=made.unit,
        facts={
            "disclosure": str(made.id), "legal_basis": str(made.legal_basis), "recipient": masked_text(made.recipient), "again": known is not None,
        },
    )  # fmt: skip
    return known or made, rules.values_of(customer, wanted.fields)


async def leave_a_trace(
    engine: AsyncEngine, cause: Cause, customer_id: UUID, wanted: Wanted, why: Refusal, *, unit: str, by: str, at: datetime
) -> None:
    """Whoever asked for what they were not allowed to give away is on record, with a transaction of its own: theirs is undone."""
    await audit.record_refusal(
        engine, cause, DISCLOSED, by=by, about=f"customer:{customer_id}", at=at, unit=unit, purpose=str(wanted.purpose),
        fields=sorted(map(str, wanted.fields)),
        facts={"legal_basis": str(wanted.legal_basis), "why": type(why).__name__, "recipient": masked_text(wanted.recipient)},
    )  # fmt: skip
