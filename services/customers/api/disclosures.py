"""Disclosures over HTTP: giving a third party some of a customer's data, and the register of who got what."""

from dataclasses import replace
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import Depends, Request, Response
from pydantic import Field
from sqlalchemy import ColumnElement
from sqlmodel.ext.asyncio.session import AsyncSession

from services.customers.actions import disclosing
from services.customers.api.consents import Recipient, ReferenceText
from services.customers.domain.disclosure import DisclosurePurpose, FileField, LegalBasis, NoConsent, NotForYou, Wanted
from services.customers.domain.grant import NobodyOnFile
from services.customers.store import customers, disclosures
from services.customers.store.customers import CustomerNotFound
from services.customers.store.disclosures import DISCLOSURES, DisclosureNotFound
from shared import idempotency
from shared.http import AtHand, Body, Now, Router, Session, Staff, View, allow, problems
from shared.masking import MaskedText
from shared.paging import Asked, Page
from shared.registers.answering import TABLES, Answer
from shared.registers.sheet import Sheet, asking

router = Router("/v1", tags=["disclosures"])


class Disclosing(Body):
    """Who is to be given which fields of the file, what for, and where the company's procedure for it is on file.

    `law`: a court or an authority demands it; only a privacy officer may say so."""

    recipient: Recipient
    purpose: DisclosurePurpose
    fields: list[FileField] = Field(min_length=1, max_length=20)
    legal_basis: LegalBasis
    evidence: ReferenceText


class DisclosureView(View):
    """Who was given which fields, never what stood in them."""

    id: UUID
    customer_id: UUID
    unit: str
    recipient: MaskedText
    purpose: DisclosurePurpose
    legal_basis: LegalBasis
    fields: list[str]
    consents: list[UUID] = Field(description="those that allowed it")
    evidence: MaskedText | None
    disclosed_by: str
    disclosed_at: datetime


class Disclosed(DisclosureView):
    """The disclosure, and this once what stands in its fields."""

    values: dict[str, Any]


async def of_customer(session: AsyncSession, _: Asked) -> list[ColumnElement[bool]]:
    customer = await customers.survivor(session, UUID(asking(session).path["customer_id"]))
    return [await disclosures.of(session, customer)]


SHEET = Sheet(
    "disclosures", "客户信息对外提供登记表", "disclosures.read", DISCLOSURES, DisclosureView,
    columns={
        "id": "提供编号", "customer_id": "客户编号", "recipient": "接收方", "purpose": "用途", "legal_basis": "法律依据", "fields": "提供的字段",
        "consents": "依据的同意", "evidence": "凭证", "disclosed_by": "经办人", "disclosed_at": "提供时间", "unit": "所属单位",
    },
)  # fmt: skip
OF_CUSTOMER = replace(SHEET, name="disclosures_of_customer", only=of_customer, needs=("customer_id",))


@router.post(
    "/customers/{customer_id}/disclosures", status_code=201, response_model=Disclosed, dependencies=[allow("disclosures.make", kept=False)],
    responses=problems(CustomerNotFound, NoConsent, NotForYou, NobodyOnFile),
)  # fmt: skip
async def disclose(
    customer_id: UUID, body: Disclosing, session: Session, staff: Staff, now: Now, means: AtHand, request: Request, response: Response
) -> Any:
    """Give a third party these fields, unmasked, with the customer's consent or because the law demands it.

    403 `no-consent`: no consent in force names this recipient and all these fields. Granted or refused, it is on the audit trail. The values are
    kept nowhere: the same request under the same `Idempotency-Key` is the same disclosure, if it is still allowed, with what the file says now."""
    fields = list(dict.fromkeys(body.fields))
    wanted = Wanted(body.recipient, body.purpose, fields, body.legal_basis, body.evidence, command=request.headers.get(idempotency.HEADER))
    try:
        made, values = await disclosing.disclose(
            session, customer_id, wanted, is_privacy_officer="privacy_officer" in staff.roles, by=staff.sub, at=now
        )
    except (NoConsent, NotForYou) as refusal:
        unit = (await customers.survivor(session, customer_id)).unit
        await session.rollback()  # what it locked would be waited for, and one request needs one connection
        await disclosing.leave_a_trace(means.engine, request.state.cause, customer_id, wanted, refusal, unit=unit, by=staff.sub, at=now)
        raise
    response.headers["Location"] = f"/v1/disclosures/{made.id}"
    return {**DisclosureView.model_validate(made).model_dump(), "values": values}


@router.get(
    "/customers/{customer_id}/disclosures",
    response_model=Page[DisclosureView],
    dependencies=[allow("disclosures.read")],
    responses=TABLES | problems(CustomerNotFound),
)
async def list_disclosures_of_customer(
    customer_id: UUID, session: Session, asked: Annotated[Asked, Depends(DISCLOSURES)], answer: Answer
) -> Any:
    """Who was given what of this customer, the newest first."""
    return await answer(OF_CUSTOMER, session, asked)


@router.get("/disclosures", response_model=Page[DisclosureView], dependencies=[allow("disclosures.read")], responses=TABLES | problems())
async def list_disclosures(session: Session, asked: Annotated[Asked, Depends(DISCLOSURES)], answer: Answer) -> Any:
    """Everything that third parties were given, the newest first."""
    return await answer(SHEET, session, asked)


@router.get(
    "/disclosures/{disclosure_id}",
    response_model=DisclosureView,
    dependencies=[allow("disclosures.read")],
    responses=problems(DisclosureNotFound),
)
async def show_disclosure(disclosure_id: UUID, session: Session) -> Any:
    """One disclosure; what was disclosed is not kept."""
    return await disclosures.by_id(session, disclosure_id)
