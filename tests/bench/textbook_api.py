"""The usual way to take a complaint in, as FastAPI, SQLModel and FastStream document it: one request, one session, commit, publish after it.

It checks the same tokens with the same library and keeps the same rows. No `Idempotency-Key`, no outbox, no journal: a caller who asks twice has two
complaints, and what dies between the commit and the publishing is never told.
"""

import os
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any
from uuid import UUID, uuid4, uuid5

import orjson
import uvicorn
from fastapi import Depends, FastAPI, HTTPException, Response
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from faststream.kafka import KafkaBroker
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet
from pydantic import BaseModel
from pydantic import Field as Within
from sqlalchemy import DateTime
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.orm import registry
from sqlmodel import Field, SQLModel
from sqlmodel.ext.asyncio.session import AsyncSession

from shared.ids import CUSTOMERS

OUT = "bench.textbook-api"
MAY = {"specialist", "supervisor", "reception", "integration", "admin"}


class Table(SQLModel, registry=registry()):
    pass


class KnownCustomer(Table, table=True):
    __tablename__ = "known_customer"
    id: UUID = Field(primary_key=True)
    customer_id: UUID
    declared: bool = False
    unit: str | None = None
    revision: int = -1
    news: bool = False
    partition: int = -1
    record_offset: int = -1


class Complaint(Table, table=True):
    id: UUID = Field(default_factory=uuid4, primary_key=True)
    number: str
    state: str = "received"
    round: int = 1
    named_id: UUID
    customer_id: UUID
    customer_known: bool
    unit: str
    order_id: str | None
    category: str
    channel: str
    source: str
    received_at: datetime = Field(sa_type=DateTime(timezone=True))
    answers: list[str] = Field(default_factory=list, sa_type=JSONB)
    version: int = 1


class Note(Table, table=True):
    id: UUID = Field(default_factory=uuid4, primary_key=True)
    about: str
    kind: str
    text: str
    customer_id: UUID
    unit: str
    written_at: datetime = Field(sa_type=DateTime(timezone=True))
    written_by: str | None
    partition: int = -1
    record_offset: int = -1


class Reference(BaseModel):
    system: str = Within(max_length=64)
    id: str = Within(max_length=128)


class NewComplaint(BaseModel):
    customer: Reference
    channel: str = Within(max_length=64)
    category: str = Within(max_length=64)
    content: str = Within(min_length=1, max_length=10_000)
    expected_remedy: str | None = Within(None, max_length=10_000)
    order_id: str | None = None
    received_at: datetime | None = None


class ComplaintView(BaseModel):
    id: UUID
    number: str
    state: str
    round: int
    customer_id: UUID
    customer_known: bool
    unit: str
    order_id: str | None
    category: str
    channel: str
    source: str
    expected_remedy: str | None
    received_at: datetime
    version: int


class ComplaintReceived(BaseModel):
    complaint_id: UUID
    number: str
    round: int
    customer_id: UUID
    customer_known: bool
    unit: str
    order_id: str | None
    category: str
    channel: str
    content: str
    expected_remedy: str | None
    received_at: datetime


engine = create_async_engine(os.environ.get("CARELOOP_DATABASE", "postgresql://").replace("postgresql://", "postgresql+asyncpg://"))
broker = KafkaBroker(os.environ.get("CARELOOP_KAFKA", ""), logger=None, enable_idempotence=True)
bearer = HTTPBearer()


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    app.state.keys = KeySet.import_key_set(orjson.loads(Path(os.environ["CARELOOP_JWKS"]).read_bytes()))
    await broker.connect()
    yield
    await broker.stop()
    await engine.dispose()


app = FastAPI(lifespan=lifespan)


async def session() -> AsyncIterator[AsyncSession]:
    async with AsyncSession(engine, expire_on_commit=False) as session:
        yield session


def staff(credentials: Annotated[HTTPAuthorizationCredentials, Depends(bearer)]) -> dict[str, Any]:
    rules = jwt.JWTClaimsRegistry(
        iss={"essential": True, "value": os.environ["CARELOOP_ISSUER"]},
        aud={"essential": True, "value": "careloop"},
        exp={"essential": True},
    )
    try:
        claims = jwt.decode(credentials.credentials, app.state.keys, algorithms=["ES256"]).claims
        rules.validate(claims)
    except (JoseError, ValueError) as error:
        raise HTTPException(401) from error
    if not MAY & set(claims.get("roles", [])):
        raise HTTPException(403)
    return claims


@app.post("/v1/complaints", status_code=201, response_model=ComplaintView)
async def take_complaint(
    body: NewComplaint, response: Response, session: Annotated[AsyncSession, Depends(session)], staff: Annotated[dict[str, Any], Depends(staff)]
) -> Any:  # fmt: skip
    at = datetime.now(UTC)
    named = uuid5(CUSTOMERS, f"{body.customer.system}/{body.customer.id}")
    customer = await session.get(KnownCustomer, named)
    if customer is None:
        customer = KnownCustomer(id=named, customer_id=named)
        session.add(customer)
    complaint = Complaint(
        number=f"C{at:%y%m%d}-{secrets.token_hex(4).upper()}", named_id=named, customer_id=customer.customer_id, customer_known=customer.declared,
        unit=customer.unit or "headquarters", order_id=body.order_id, category=body.category, channel=body.channel, source="/careloop/complaints",
        received_at=body.received_at or at,
    )  # fmt: skip
    session.add(complaint)
    for kind, text in (("content", body.content), ("expected_remedy", body.expected_remedy)):
        if text:
            session.add(Note(
                about=f"complaint:{complaint.id}", kind=kind, text=text, customer_id=complaint.customer_id, unit=complaint.unit, written_at=at,
                written_by=staff["sub"],
            ))  # fmt: skip
    await session.commit()
    said = complaint.model_dump() | {"content": body.content, "expected_remedy": body.expected_remedy}
    await broker.publish(ComplaintReceived(complaint_id=complaint.id, **said), OUT, key=str(complaint.customer_id).encode())
    response.headers["Location"] = f"/v1/complaints/{complaint.id}"
    return said


if __name__ == "__main__":
    uvicorn.run(app, port=int(os.environ["CARELOOP_PORT"]), loop="uvloop", http="httptools")
