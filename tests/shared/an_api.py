"""A made-up service with one kind of thing, as an API on a real port over a real database, and tokens for it."""

import asyncio
import contextlib
import json
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Annotated, Any
from uuid import UUID

import httpx
from fastapi import Depends, Response
from joserfc import jwt
from joserfc.jwk import ECKey, OctKey, OKPKey, RSAKey
from sqlalchemy import DateTime
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.orm import registry
from sqlmodel import Field

from shared.api import create_api
from shared.auth import Door, Signatures
from shared.database import open_engine
from shared.entities import Entity
from shared.errors import Conflict, Invalid, NotFound, Refused
from shared.etag import IfMatch, tag
from shared.health import Health
from shared.http import Body, Now, Router, Session, Staff, View, allow, problems
from shared.ids import uuid7
from shared.issuers import ALGORITHMS, Issuer
from shared.keys import Keys
from shared.metrics import Metrics
from shared.ops import listen, ops_app, serve
from shared.paging import Asked, Page, Part, Register
from shared.plumbing import METADATA
from shared.pool import PoolWatch
from shared.service import Means, Service
from shared.settings import ServiceSettings
from shared.units import Unit, Units

ISSUER = "https://issuer.example"
UNITS = Units(default="headquarters", units={"headquarters": Unit(), "north": Unit(parent="headquarters")})
KEYS = {
    "rsa": RSAKey.generate_key(2048, {"kid": "rsa"}),
    "ec": ECKey.generate_key("P-256", {"kid": "ec"}),
    "ed": OKPKey.generate_key("Ed25519", {"kid": "ed"}),
}
ALG = {"rsa": "RS256", "ec": "ES256", "ed": "EdDSA"}


class Things(Entity, registry=registry()):
    """The registry of this service."""


class Thing(Things, table=True):
    id: UUID = Field(default_factory=uuid7, primary_key=True)
    name: str = Field(unique=True)
    colour: str = "grey"
    made_at: datetime = Field(sa_type=DateTime(timezone=True))
    version: int = 1


class Lost(NotFound):
    """There is no such thing."""


class NotPaintable(Conflict):
    """It can't be painted now."""


class Line(Body):
    sku: str
    quantity: int = Field(ge=1)


class NewThing(Body):
    name: str
    colour: str = "grey"
    lines: tuple[Line, ...] = ()


class Paint(Body):
    colour: str


class ThingView(View):
    id: UUID
    name: str
    colour: str
    version: int


THINGS = Register(Thing, by=(Thing.made_at, Thing.id), filters=(Thing.name, Thing.colour, Thing.id, Thing.made_at))
router = Router(prefix="/v1/things")
SLEEP = {"seconds": 0.0}


@router.get("", response_model=Page[ThingView], dependencies=[allow("orders.read")])
async def list_things(session: Session, asked: Annotated[Asked, Depends(THINGS)]) -> Part[Thing]:
    """The register."""
    return await THINGS.page(session, asked)


@router.post("", status_code=201, response_model=ThingView, dependencies=[allow("customers.declare")], responses=problems(Invalid))
async def make(body: NewThing, session: Session, staff: Staff, now: Now, response: Response) -> Thing:
    """Make a thing. Some names mean trouble."""
    if body.name == "invalid":
        raise Invalid("No such name.", field="/name")
    if body.name == "bug":
        raise KeyError("13800138000")
    if body.name == "refused":
        raise Refused("Not you.")
    thing = Thing(name=body.name, colour=body.colour, made_at=now)
    session.add(thing)
    await session.flush()
    await asyncio.sleep(SLEEP["seconds"])
    tag(response, thing.version)
    response.headers["Location"] = f"/v1/things/{thing.id}"
    if body.name == "conflict":
        raise NotPaintable("It is dry.", allowed=("paint", "sand"))
    if body.name == "late bug":
        session.add(Thing(name="late bug", made_at=now))  # the database refuses it at the commit
    return thing


@router.get("/{thing_id}", response_model=ThingView, dependencies=[allow("orders.read")], responses=problems(Lost))
async def read_thing(thing_id: UUID, session: Session, response: Response) -> Thing:
    thing = await session.get(Thing, thing_id) or _lost()
    tag(response, thing.version)
    return thing


@router.put("/{thing_id}/paint", response_model=ThingView, dependencies=[allow("customers.declare")])
async def paint(thing_id: UUID, body: Paint, session: Session, expected: IfMatch, response: Response) -> Thing:
    thing = await session.get(Thing, thing_id, with_for_update=True) or _lost()
    expected.check(thing.version)
    thing.colour, thing.version = body.colour, thing.version + 1
    tag(response, thing.version)
    return thing


def _lost() -> Thing:
    raise Lost


SERVICE = Service("customers", "Things", ServiceSettings, Things.metadata, Path(), routers=lambda: [router])


def token(*roles: str, key: str = "rsa", header: dict[str, Any] | None = None, **claims: Any) -> str:
    """A good token, for all units, but for what is said (`units=`, `posts=`, `sub=`); a claim that is None is left out."""
    now = int(time.time())
    told = {"iss": ISSUER, "aud": "careloop", "sub": "s-1", "exp": now + 600, "nbf": now - 1, "roles": list(roles)}
    told |= {"units": ["*"], "posts": []} | claims
    return jwt.encode(
        {"alg": ALG[key], "kid": key} | (header or {}),
        {name: it for name, it in told.items() if it is not None},
        KEYS[key],
        registry=Signatures(ALGORITHMS),
    )


def shared_secret_token() -> str:
    """HS256, signed with what everybody can read: the public key."""
    public = json.dumps(KEYS["rsa"].as_dict(private=False)).encode()
    now = int(time.time())
    claims = {"iss": ISSUER, "aud": "careloop", "sub": "s-1", "exp": now + 600, "nbf": now, "roles": ["admin"]}
    return jwt.encode({"alg": "HS256", "kid": "rsa"}, claims, OctKey.import_key(public), algorithms=["HS256"])


def jwks() -> str:
    return json.dumps({"keys": [it.as_dict(private=False) for it in KEYS.values()]})


def a_door(keys: str, health: Health, metrics: Metrics) -> Door:
    """One that believes our issuer."""
    return Door([(Issuer(issuer=ISSUER), Keys(keys, idp=health.dependency("idp")))], metrics)


@dataclass
class Running:
    client: httpx.AsyncClient
    ops: httpx.AsyncClient
    means: Means
    app: Any

    def auth(self, *roles: str, **more: Any) -> dict[str, str]:
        return {"Authorization": f"Bearer {token(*(roles or ('admin',)), **more)}"}

    def value(self, name: str, **labels: str) -> float:
        return self.means.metrics.registry.get_sample_value(f"careloop_{name}", {"service": "customers", **labels}) or 0.0


async def prepare(owner_dsn: str) -> None:
    """The tables."""
    engine = create_async_engine(owner_dsn.replace("postgresql://", "postgresql+asyncpg://"))
    async with engine.begin() as connection:
        await connection.run_sync(METADATA.create_all)
        await connection.run_sync(Things.metadata.create_all)
    await engine.dispose()


@contextlib.asynccontextmanager
async def running(dsn: str, keys: str, *, service: Service = SERVICE, watch: bool = False) -> AsyncIterator[Running]:
    """The API and its ops port, each on a port of its own."""
    metrics, health = Metrics("customers", "1"), Health("customers", "api")
    engine = open_engine(dsn, size=4)
    means = Means(None, UNITS, SimpleNamespace(), metrics, health, engine)  # type: ignore[arg-type]
    app = create_api(service, means, a_door(keys, health, metrics))
    listeners = [listen("127.0.0.1", 0) for _ in range(2)]
    tasks = [
        asyncio.create_task(serve(it, "", 0, listener=listener))
        for it, listener in zip((app, ops_app(health, metrics)), listeners, strict=True)
    ]
    if watch:
        tasks.append(asyncio.create_task(PoolWatch(engine, dsn, health, metrics, at_first=fits).run(0.2)))
    addresses = ["http://{}:{}".format(*it.getsockname()) for it in listeners]
    async with httpx.AsyncClient(base_url=addresses[0], timeout=30) as client, httpx.AsyncClient(base_url=addresses[1]) as ops:
        yield Running(client, ops, means, app)
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    await engine.dispose()


async def fits() -> bool:
    return True


async def until(true: Any, seconds: float = 15) -> None:
    """Waits until `await true()` is so."""
    async with asyncio.timeout(seconds):
        while not await true():
            await asyncio.sleep(0.05)
