"""A service's own copy of who is who: names change hands, records come again and in any order, and what is about a customer follows."""

from collections.abc import AsyncIterator
from itertools import permutations
from pathlib import Path
from typing import Any
from uuid import UUID

import asyncpg
import pytest
from sqlalchemy import Index, text
from sqlalchemy.orm import registry
from sqlmodel import Field

from shared import following, known
from shared.contracts.contacts import ContactChanged, KnownAs, Standing
from shared.database import transaction
from shared.entities import Entity
from shared.ids import customer_of
from shared.reactions import Listener
from shared.service import Service
from shared.settings import ServiceSettings
from tests.rooms import World, world

TABLES = """
CREATE TABLE known_customer (partition integer NOT NULL, record_offset bigint NOT NULL, id uuid PRIMARY KEY, customer_id uuid NOT NULL,
    declared boolean NOT NULL, unit varchar, revision integer NOT NULL, news boolean NOT NULL, erased boolean NOT NULL, gone boolean NOT NULL DEFAULT false);
CREATE TABLE matter (id integer PRIMARY KEY, named_id uuid NOT NULL, customer_id uuid NOT NULL, is_known boolean NOT NULL, version integer NOT NULL)"""


class Knowing(Entity, registry=registry()):
    """Entities of a made-up service."""


class KnownCustomer(known.KnownCustomer, Knowing, table=True):
    __table_args__ = (Index("known_customer_news", "id", postgresql_where=text("news")),)


class Matter(Knowing, table=True):
    id: int = Field(primary_key=True)
    named_id: UUID
    customer_id: UUID
    is_known: bool = False
    version: int = 1


ERP, SHOP, CRM = "erp/C-1", "shop/W-1", "crm/K-1"
A, B, C = customer_of(ERP), customer_of(SHOP), customer_of(CRM)
Said = tuple[UUID, dict[str, int], bool, known.Place]


def all_told(said: list[Said]) -> dict[UUID, UUID]:
    rows: dict[UUID, KnownCustomer] = {}
    for customer_id, revisions, declared, place in said:
        asked = [rows[id] for reference in revisions if (id := customer_of(reference)) in rows]
        for row in known.learn(KnownCustomer, asked, customer_id, revisions, declared=declared, unit="headquarters", place=place):
            assert isinstance(row, KnownCustomer)
            rows[row.id] = row
    return {id: row.customer_id for id, row in rows.items()}


def test_names_that_change_hands_end_alike_in_any_order() -> None:
    said: list[Said] = [
        (A, {ERP: 0}, True, (0, 1)), (B, {SHOP: 0}, False, (1, 1)), (A, {ERP: 0, SHOP: 1}, True, (0, 2)), (B, {}, False, (1, 2)),
        (C, {CRM: 0, SHOP: 2, ERP: 1}, True, (2, 1)), (A, {}, False, (0, 3)),
    ]  # fmt: skip
    ends = {tuple(sorted(all_told([*order, *order[:3]]).items())) for order in permutations(said)}
    assert ends == {tuple(sorted({A: C, B: C, C: C}.items()))}


def test_an_old_record_of_the_same_revision_says_nothing() -> None:
    row = KnownCustomer(id=A, customer_id=A)
    known.learn(KnownCustomer, [row], A, {ERP: 0}, declared=True, unit="headquarters", place=(0, 5))
    known.learn(KnownCustomer, [row], A, {ERP: 0}, declared=False, unit="overseas", place=(0, 4))
    assert (row.declared, row.unit, row.news) == (True, "headquarters", True)


def test_only_what_differs_is_news() -> None:
    row = KnownCustomer(id=A, customer_id=A, declared=True)
    row.take(A, 1, declared=True, unit="headquarters", place=(0, 1))
    assert not row.news
    assert known.forget([row], (0, 2)) == [row] and row.news and not row.declared


@pytest.mark.parametrize(("standing", "declared"), [("provisional", False), ("declared", True), ("redirected", False)])
def test_what_customers_say_is_learnt(standing: str, declared: bool) -> None:
    told = ContactChanged(
        customer_id=A, unit="overseas", standing=Standing(standing), references=[KnownAs(reference=SHOP, revision=3), KnownAs(reference=ERP, revision=0)]
    )  # fmt: skip
    assert known.names_in(told) == [told.customer_id, B, A]
    rows = {
        row.id: row
        for row in known.hear(KnownCustomer, told, [KnownCustomer(id=A, customer_id=A)], (2, 7))
        if isinstance(row, KnownCustomer)
    }
    seen = {(row.customer_id, row.declared, row.unit, row.partition, row.record_offset) for row in rows.values()}
    assert seen == {(A, declared, "overseas", 2, 7)} and {id: row.revision for id, row in rows.items()} == {A: 0, B: 3}


@pytest.fixture
async def room(databases: Any) -> AsyncIterator[World]:
    service = Service("reception", "Any", ServiceSettings, Knowing.metadata, Path("services/reception/migrations"))
    async with world(databases, service, listeners=[Listener("careloop.reception")]) as room:
        owner = await asyncpg.connect(databases.made[-1].owner_dsn)
        await owner.execute(f"DROP TABLE IF EXISTS known_customer; {TABLES}")
        await owner.close()
        yield room


async def made(room: World, id: int, customer_id: UUID) -> None:
    async with transaction(room.engine) as session:
        who = await following.meet(session, KnownCustomer, customer_id)
        session.add(Matter(id=id, named_id=customer_id, customer_id=who.customer_id, is_known=who.declared))


async def learned(room: World, customer_id: UUID, revisions: dict[str, int], place: known.Place) -> None:
    async with transaction(room.engine) as session:
        rows = [
            await session.get(KnownCustomer, customer_of(reference), with_for_update=True)
            for reference in sorted(revisions, key=customer_of)
        ]
        outcome = known.learn(
            KnownCustomer, [it for it in rows if it], customer_id, revisions, declared=True, unit="headquarters", place=place
        )
        session.add_all(it for it in outcome if isinstance(it, Entity))


async def test_what_is_about_a_customer_follows(room: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(following, "ROWS", 2)
    monkeypatch.setattr(following, "NAMES", 1)
    for id in range(5):
        await made(room, id, B)
    await made(room, 9, C)
    await learned(room, A, {ERP: 0, SHOP: 1}, (0, 1))
    job, means = following.job({"matter": {"customer_id": "customer_id", "is_known": "declared"}}), type("Means", (), {"pool": room.pool})
    rounds = 1
    while await job.run(means):  # type: ignore[arg-type]
        rounds += 1
    rows = {row["id"]: (row["customer_id"], row["is_known"], row["version"]) for row in await room.rows("matter")}
    assert rows == dict.fromkeys(range(5), (A, True, 2)) | {9: (C, False, 1)} and rounds > 3
    assert not await room.rows("known_customer", where="news")
    await made(room, 6, B)
    assert (await room.rows("matter", where="id = 6"))[0]["customer_id"] == A


async def test_news_that_comes_meanwhile_stays_news(room: World) -> None:
    await made(room, 1, A)
    await learned(room, A, {ERP: 0}, (0, 1))
    async with room.pool.acquire() as connection:
        (seen,) = await connection.fetch(following.NEWS, 10)
        await learned(room, C, {ERP: 1}, (1, 1))
        await connection.execute(following.IN_LINE, *([seen[name]] for name in ("id", "revision", "partition", "record_offset")))
    assert await room.rows("known_customer", "customer_id", "news") == [{"customer_id": C}]
