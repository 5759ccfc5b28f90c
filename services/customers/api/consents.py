"""Consents over HTTP: what a customer allows, since when, how we know, and that they take it back."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import Depends, Response
from pydantic import Field
from sqlalchemy import ColumnElement
from sqlmodel.ext.asyncio.session import AsyncSession

from services.customers.actions import consenting
from services.customers.domain.consent import Channel, Consent, ConsentState, EvidenceKind, Purpose, Withdrawal
from services.customers.domain.customer import Customer
from services.customers.domain.disclosure import FileField
from services.customers.domain.grant import (
    LIVE,
    AlreadyWithdrawn,
    Granted,
    NeedsNone,
    NobodyOnFile,
    NotYetSaid,
    OverBeforeItBegins,
    WhichThirdParty,
)
from services.customers.store import consents, customers
from services.customers.store.consents import CONSENTS, ConsentNotFound
from services.customers.store.customers import CustomerNotFound
from shared.contracts.values import Saying, limits
from shared.http import Body, Moment, Now, Router, Session, Staff, View, allow, problems
from shared.masking import MaskedText
from shared.paging import Asked, Page
from shared.registers.answering import TABLES, Answer
from shared.registers.sheet import Sheet, asking

router = Router("/v1/customers/{customer_id}/consents", tags=["consents"])
Recipient = Annotated[str, limits(1, 100), Saying("It must be a name or code of 1 to 100 characters, none of them U+0000.")]
ReferenceText = Annotated[str, limits(1, 200), Saying("It must be a string of 1 to 200 characters, none of them U+0000.")]


class Evidence(Body):
    """How we know: where the signed paper, the recording or the form is on file. No words of the customer."""

    kind: EvidenceKind
    reference: ReferenceText


class Grant(Body):
    """What the customer allows, for which purpose and by which channel; no channel: by any."""

    purpose: Purpose
    channel: Channel | None = None
    recipient: Recipient | None = Field(None, description='of `third_party_disclosure` only: the third party; `"*"`: any')
    fields: list[FileField] = Field([], max_length=20, description="of `third_party_disclosure` only: what that third party may have")
    granted_at: Moment
    valid_until: Moment | None = None
    evidence: Evidence


class Withdrawing(Body):
    """When the customer took it back; left out: now."""

    withdrawn_at: Moment | None = None


class EvidenceView(View):
    kind: EvidenceKind | None = Field(description="null: a source told us")
    reference: MaskedText | None


class ConsentView(View):
    """A consent as it stands. `ended_at`: the source that listed it does so no longer; `withdrawn_at`: the customer took it back."""

    id: UUID
    customer_id: UUID
    state: ConsentState
    purpose: Purpose
    channel: Channel | None
    recipient: MaskedText | None
    fields: list[str]
    granted_at: datetime
    valid_until: datetime | None
    withdrawn_at: datetime | None
    ended_at: datetime | None
    source: str | None
    evidence: EvidenceView
    recorded_at: datetime
    recorded_by: str | None


def shown(consent: Consent, customer: Customer, withdrawals: Iterable[Withdrawal], at: datetime) -> dict[str, Any]:
    return {
        **{name: getattr(consent, name) for name in ConsentView.model_fields.keys() - {"customer_id", "state", "evidence"}},
        "customer_id": customer.id,
        "state": consent.state(withdrawals, at) if customer.state in LIVE else ConsentState.ENDED,
        "evidence": {"kind": consent.evidence_kind, "reference": consent.evidence},
    }


async def theirs(session: AsyncSession, _: Asked) -> list[ColumnElement[bool]]:
    return [await consents.of(session, await customers.survivor(session, UUID(asking(session).path["customer_id"])))]


async def all_shown(session: AsyncSession, rows: Sequence[Consent]) -> list[dict[str, Any]]:
    asked = asking(session)
    customer = await customers.survivor(session, UUID(asked.path["customer_id"]))
    withdrawals = await consents.withdrawals(session, customer)
    return [shown(it, customer, withdrawals, asked.at) for it in rows]


SHEET = Sheet(
    "consents", "客户授权同意登记表", "consents.read", CONSENTS, ConsentView, shown=all_shown, only=theirs, needs=("customer_id",),
    columns={
        "id": "同意编号", "customer_id": "客户编号", "state": "状态", "purpose": "用途", "channel": "渠道", "recipient": "接收方", "fields": "允许提供的字段",
        "granted_at": "同意时间", "valid_until": "有效期至", "withdrawn_at": "撤回时间", "ended_at": "终止时间", "source": "来源系统",
        "evidence.kind": "凭证类型", "evidence.reference": "凭证编号", "recorded_at": "记录时间", "recorded_by": "记录人",
    },
)  # fmt: skip


@router.get("", response_model=Page[ConsentView], dependencies=[allow("consents.read")], responses=TABLES | problems(CustomerNotFound))
async def list_consents(customer_id: UUID, session: Session, asked: Annotated[Asked, Depends(CONSENTS)], answer: Answer) -> Any:
    """What this customer has allowed, whoever told us of it, the newest first; also what holds no more."""
    return await answer(SHEET, session, asked)


@router.post(
    "", status_code=201, response_model=ConsentView, dependencies=[allow("consents.record")],
    responses=problems(CustomerNotFound, NobodyOnFile, NeedsNone, WhichThirdParty, NotYetSaid, OverBeforeItBegins),
)  # fmt: skip
async def grant_consent(customer_id: UUID, body: Grant, session: Session, staff: Staff, now: Now, response: Response) -> Any:
    """Record that the customer allows something. The same grant again is the same consent."""
    told = Granted(
        body.purpose,
        body.channel,
        body.recipient,
        body.fields,
        body.granted_at,
        body.valid_until,
        body.evidence.kind,
        body.evidence.reference,
    )
    consent, customer = await consenting.grant(session, customer_id, told, by=staff.sub, at=now)
    response.headers["Location"] = f"/v1/customers/{customer.id}/consents/{consent.id}"
    return shown(consent, customer, await consents.withdrawals(session, customer), now)


@router.get(
    "/{consent_id}",
    response_model=ConsentView,
    dependencies=[allow("consents.read")],
    responses=problems(CustomerNotFound, ConsentNotFound),
)
async def show_consent(customer_id: UUID, consent_id: UUID, session: Session, now: Now) -> Any:
    """One consent."""
    consent, customer = await consenting.found(session, customer_id, consent_id)
    return shown(consent, customer, await consents.withdrawals(session, customer), now)


@router.post(
    "/{consent_id}/withdrawal", response_model=ConsentView, dependencies=[allow("consents.record")],
    responses=problems(CustomerNotFound, ConsentNotFound, AlreadyWithdrawn, NotYetSaid, OverBeforeItBegins),
)  # fmt: skip
async def withdraw_consent(
    customer_id: UUID, consent_id: UUID, session: Session, staff: Staff, now: Now, body: Withdrawing = Withdrawing()
) -> Any:
    """The customer takes it back, and with it whatever they granted for the same matter before, whoever told us of that."""
    at = body.withdrawn_at or now
    consent, customer = await consenting.withdraw(session, customer_id, consent_id, withdrawn_at=at, by=staff.sub, at=now)
    await session.flush()
    return shown(consent, customer, await consents.withdrawals(session, customer), now)
