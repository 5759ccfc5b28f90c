"""Customers over HTTP: the register, a file, and declaring one for systems without Kafka."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import Depends, Path, Request, Response
from pydantic import AfterValidator, Field, StringConstraints

from services.customers.actions import declaring
from services.customers.domain.claim import ConflictingReference
from services.customers.domain.customer import CustomerState, Kind
from services.customers.domain.declaration import Declaration
from services.customers.store import customers
from services.customers.store.customers import CUSTOMERS, CustomerNotFound
from shared.bodies import Reference
from shared.contracts.values import A_TIME, NO_TIME, Email, Id, Language, Name, Phone, Saying, Slug, Text, Zone
from shared.errors import Invalid
from shared.etag import IfMatchIfGiven, tag
from shared.http import Body, Now, Router, Scope, Session, View, allow, problems
from shared.masking import MaskedEmail, MaskedPhone, MaskedText
from shared.paging import Asked, Page
from shared.problems import Changed
from shared.registers.answering import TABLES, Answer
from shared.registers.sheet import Sheet
from shared.units import Units, zone_named

router = Router("/v1/customers", tags=["customers"])


def a_moment(text: str) -> str:
    try:
        datetime.fromisoformat(text.upper())
    except ValueError:
        raise ValueError(NO_TIME) from None
    return text


def a_zone(name: str) -> str:
    if zone_named(name) is None:
        raise ValueError("The IANA database has no such time zone; they are written as Asia/Shanghai is.")
    return name


class UnknownUnit(Invalid):
    """The company has no such unit."""

    fix = "Send a unit of ours, or leave it out."


class Consent(Body):
    """For what the customer may be contacted, and how we know."""

    purpose: Text | None = None
    channel: Text | None = None
    granted_at: Annotated[str, StringConstraints(pattern=A_TIME), AfterValidator(a_moment), Saying(NO_TIME)] | None = None
    evidence: Text | None = None


class Declared(Body):
    """All that a system knows of one of its customers, as in `customer.declared`; what it said before is replaced."""

    references: list[Reference] | None = Field(None, description="other names of the same customer")
    kind: Kind
    display_name: Name
    contact_person: Text | None = None
    phones: list[Phone] | None = None
    emails: list[Email] | None = None
    preferred_channel: Text | None = None
    language: Language | None = None
    time_zone: Annotated[Zone, AfterValidator(a_zone)] | None = None
    orgunit: Id | None = None
    address: Text | None = None
    business_scope: Text | None = None
    consents: list[Consent] | None = None


class ReferenceView(View):
    """What a foreign system calls the customer. `claimed`: a declaration says so; otherwise it was only mentioned, or is withdrawn."""

    system: str
    id: MaskedText
    claimed: bool


class CustomerView(View):
    """A customer's file. Contact points are masked."""

    id: UUID
    state: CustomerState
    redirected_to: UUID | None = Field(description="who it turned out to be")
    references: list[ReferenceView]
    kind: Kind | None
    display_name: MaskedText | None
    contact_person: MaskedText | None
    business_scope: MaskedText | None
    phones: list[MaskedPhone]
    emails: list[MaskedEmail]
    preferred_channel: MaskedText | None
    language: str | None
    time_zone: str | None
    unit: str
    source: str
    created_at: datetime
    registered_at: datetime | None
    version: int


async def units_of(request: Request) -> Units:
    units: Units = request.app.state.means.units
    return units


System = Annotated[Slug, Path(description="the foreign system, `erp`")]
OfSystem = Annotated[Id, Path(description="what that system calls the customer, `C-10023`")]


SHEET = Sheet(
    "customers", "客户信息登记表", "customers.read", CUSTOMERS, CustomerView, only=customers.on_file, wording={"references": "{system}/{id}"},
    columns={
        "id": "客户编号", "references": "外部编号", "kind": "客户类型", "display_name": "客户名称", "contact_person": "联系人", "phones": "联系电话",
        "emails": "电子邮箱", "preferred_channel": "首选联系方式", "business_scope": "经营范围", "language": "语言", "time_zone": "时区", "unit": "所属单位",
        "state": "状态", "redirected_to": "并入客户", "source": "来源系统", "created_at": "建档时间", "registered_at": "登记时间", "version": "版本",
    },
)  # fmt: skip


@router.get("", response_model=Page[CustomerView], dependencies=[allow("customers.read")], responses=TABLES | problems())
async def list_customers(session: Session, asked: Annotated[Asked, Depends(CUSTOMERS)], answer: Answer) -> Any:
    """Everybody on file, the newest first; those that turned out to be another only with `state=redirected`."""
    return await answer(SHEET, session, asked)


@router.get(
    "/by-reference/{system}/{id:path}",
    response_model=CustomerView,
    dependencies=[allow("customers.read")],
    responses=problems(CustomerNotFound),
)
async def show_customer_by_reference(system: System, id: OfSystem, session: Session, response: Response) -> Any:
    """The customer whom a foreign system calls so."""
    customer = await customers.by_reference(session, f"{system}/{id}")
    tag(response, customer.version)
    return customer


@router.put(
    "/by-reference/{system}/{id:path}", response_model=CustomerView, dependencies=[allow("customers.declare")],
    responses=problems(CustomerNotFound, ConflictingReference, UnknownUnit, Changed)
    | {201: {"model": CustomerView, "description": "It was not declared before."}},
)  # fmt: skip
async def declare_customer(
    system: System, id: OfSystem, body: Declared, session: Session, scope: Scope, now: Now, expected: IfMatchIfGiven,
    units: Annotated[Units, Depends(units_of)], response: Response,
) -> Any:  # fmt: skip
    """Say all you know of one of your customers, instead of `customer.declared`. The same again changes nothing.

    409: one of `references` is another customer's, as another declaration says."""
    if body.orgunit is not None and (body.orgunit not in units.units or not scope.sees(body.orgunit)):
        raise UnknownUnit(field="/orgunit")
    unit = body.orgunit or (None if scope.units is None else scope.home(units))
    facts = body.model_dump(mode="json", exclude={"references", "orgunit"}) | {"unit": unit}
    names = tuple(f"{it.system}/{it.id}" for it in body.references or ())
    told = Declaration(f"{system}/{id}", f"/{system}", now, facts, names=names)
    customer, is_new = await declaring.declare(session, told, units=units, scope=scope, at=now, expected=expected)
    response.status_code = 201 if is_new else 200
    response.headers["Location"] = f"/v1/customers/{customer.id}"
    tag(response, customer.version)
    return customer


@router.get("/{customer_id}", response_model=CustomerView, dependencies=[allow("customers.read")], responses=problems(CustomerNotFound))
async def show_customer(customer_id: UUID, session: Session, response: Response) -> Any:
    """One file. A customer that turned out to be another says who, in `redirected_to`."""
    customer = await customers.by_id(session, customer_id)
    tag(response, customer.version)
    return customer
