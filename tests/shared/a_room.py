"""A made-up service that counts payments, to try the delivery on: it makes, changes and forgets rows, announces, and fails when it is told to."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Annotated, Any
from uuid import UUID

import asyncpg
from pydantic import Field as Told
from sqlalchemy.orm import registry
from sqlmodel import Field

from shared.contracts import Event
from shared.contracts.orders import PaymentReceived
from shared.entities import Entity
from shared.errors import Unacceptable
from shared.gate import Origin
from shared.ids import made_of
from shared.outcome import Gone, Outcome
from shared.reactions import Listener, every, one
from shared.service import Service
from shared.settings import ServiceSettings
from tests.makers import Record, customer, moment, record
from tests.rooms import World, world

TABLES = """
CREATE TABLE account (reference varchar PRIMARY KEY, count integer NOT NULL, last varchar NOT NULL CHECK (last <> 'BROKEN'));
CREATE TABLE receipt (id uuid PRIMARY KEY, reference varchar NOT NULL, number integer NOT NULL)"""


class Counting(Entity, registry=registry()):
    """Entities of the made-up service."""


class Account(Counting, table=True):
    reference: str = Field(primary_key=True)
    count: int = 0
    last: str = ""


class Receipt(Counting, table=True):
    id: UUID = Field(primary_key=True)
    reference: str
    number: int


class PaymentCounted(Event):
    name = "payment.counted.v1"
    topic = "careloop.customers"
    reference: str
    payment_id: str
    count: int
    receipts: int = Told(ge=0)

    @property
    def key(self) -> str:
        return self.reference


AccountOfCustomer = Annotated[Account | None, one(Account, reference=lambda event: event.key)]
Receipts = Annotated[list[Receipt], every(Receipt, reference=lambda event: event.key)]


def count(event: PaymentReceived, account: AccountOfCustomer, receipts: Receipts, *, origin: Origin) -> Outcome:
    """What it is told in `order_id`, it does."""
    account = account or Account(reference=event.key)
    account.count += 1
    account.last = event.payment_id
    refused: Outcome = []  # by the database
    receipt = Receipt(id=made_of(event.payment_id, event.key, str(account.count)), reference=event.key, number=account.count)
    gone: Outcome = [Gone(it) for it in receipts] if event.order_id == "FORGET" else []
    match event.order_id:
        case "NUL":
            refused = [Account(reference=f"{origin.offset}\0")]
        case "CONSTRAINT":
            refused = [Account(reference=f"{origin.offset}", last="BROKEN")]
        case "BUG":
            raise KeyError(event.payment_id)
        case "REFUSED":
            raise Unacceptable("this payment can't stand", field="/order_id")
    counted = PaymentCounted(reference=event.key, payment_id=event.payment_id, count=account.count, receipts=len(receipts) + 1 - len(gone))
    return [account, receipt, *gone, *refused, counted]


def look_again(event: PaymentReceived, account: AccountOfCustomer, receipts: Receipts) -> Outcome:
    """Comes second, sees what came of the first, and may fail when all is done."""
    assert account
    if event.order_id == "LATE BUG":
        account.count, account.last = -1, "touched by one that fails"
        raise RuntimeError(event.payment_id)
    return [account, *[Gone(it) for it in receipts if event.order_id == "NONE LEFT"]]


def listener() -> Listener:
    on = Listener("careloop.inbound.orders")
    on(PaymentReceived)(count)
    on(PaymentReceived)(look_again)
    return on


def service(name: str = "customers") -> Service:
    return Service(
        name=name, title="Counting", settings=ServiceSettings, metadata=Counting.metadata, migrations=Path(f"services/{name}/migrations"), listeners=[listener()]
    )  # fmt: skip


@asynccontextmanager
async def a_world(databases: Any, name: str = "customers", **more: Any) -> AsyncIterator[World]:
    """`customers` owns the topic of orders; anybody else only reads it."""
    async with world(databases, service(name), **more) as room:
        owner = await asyncpg.connect(databases.made[-1].owner_dsn)
        await owner.execute(TABLES)
        await owner.close()
        yield room


def payment(number: Any = 1, reference: str = "erp/C-1", *, does: str | None = None, **more: Any) -> Record:
    """`does`: what the made-up service shall do with it."""
    body = {
        "customer": customer(reference),
        "payment_id": f"P-{number}",
        "received_at": moment(),
        "amount": {"amount": "1.00", "currency": "CNY"},
    }
    return record("payment.received.v1", body | {"order_id": does or "O-1"}, **{"id": f"{reference}-{number}"} | more)
