"""A request's session sees only its caller's units, however it asks: over real rows."""

from typing import Any

import pytest
from sqlalchemy import func, text
from sqlalchemy.orm import aliased
from sqlmodel import col, select

from services.complaints.domain.complaint import Complaint
from services.complaints.domain.known_customer import KnownCustomer
from shared.database import transaction
from shared.scope import Unnarrowed, narrow
from tests.complaints.making import C1, a_complaint
from tests.rooms import World


@pytest.fixture
async def two(complaints: World) -> World:
    """A complaint in each of two units."""
    async with transaction(complaints.engine) as session:
        session.add_all([a_complaint(unit=unit, number=unit) for unit in ("north", "south")])
    return complaints


OTHER = aliased(Complaint)
BOTH = {"north", "south"}
READS = [
    (select(Complaint.number), BOTH),
    (select(Complaint.number).where(Complaint.unit == "south"), {"south"}),
    (select(Complaint.number).where(col(Complaint.unit).in_(BOTH)).order_by(Complaint.number), BOTH),
    (select(OTHER.number), BOTH),
    (select(Complaint.number).join(OTHER, OTHER.unit == Complaint.unit), BOTH),
    (select(col(Complaint.number)).where(col(Complaint.id).in_(select(OTHER.id))), BOTH),
]


@pytest.mark.parametrize(("read", "there"), READS)
async def test_every_read_is_narrowed(two: World, read: Any, there: set[str]) -> None:
    for units, seen in ((frozenset({"north"}), {"north"}), (frozenset(BOTH), BOTH), (frozenset(), set()), (None, BOTH)):
        async with transaction(two.engine) as session:
            narrow(session, units)
            assert {*(await session.exec(read)).all()} == there & seen, units


@pytest.mark.filterwarnings("ignore:SELECT statement has a cartesian product")  # a copy beside what is asked: meant so
async def test_what_stands_in_a_subquery_only_is_narrowed_too(two: World) -> None:
    """A copy is nobody's in particular; what is asked of complaints beside it is."""
    async with transaction(two.engine) as session:
        session.add(KnownCustomer(id=C1, customer_id=C1))
    south = select(Complaint.id).where(Complaint.number == "south").exists()
    last = select(func.max(Complaint.number)).scalar_subquery()
    beside = select(Complaint.number).subquery()
    async with transaction(two.engine) as session:
        narrow(session, {"north"})
        assert (await session.exec(select(KnownCustomer.id).where(south))).all() == []
        assert (await session.exec(select(KnownCustomer.id, last))).all() == [(C1, "north")]
        assert (await session.exec(select(KnownCustomer.id, beside.c.number))).all() == [(C1, "north")]
        counted = select(KnownCustomer.id, func.count()).join(Complaint, col(Complaint.customer_id) == col(KnownCustomer.id))
        assert (await session.exec(counted.group_by(col(KnownCustomer.id)))).all() == [(C1, 1)]


async def test_what_is_looked_up_locked_or_counted_is_narrowed_too(two: World) -> None:
    (south,) = await two.rows("complaint", "id", "unit = 'south'")
    async with transaction(two.engine) as session:
        narrow(session, {"north"})
        assert await session.get(Complaint, south["id"]) is None
        assert await session.get(Complaint, south["id"], with_for_update=True) is None
        assert await session.get(Complaint, south["id"], execution_options={"everywhere": True})
        assert await session.scalar(select(func.count(Complaint.id))) == 1
        assert await session.scalar(select(func.count(Complaint.id)).execution_options(everywhere=True)) == 2


UNTOLD = [
    select(func.count()).select_from(select(Complaint).subquery()),
    select(func.count()).select_from(Complaint),
    select(Complaint.number).union(select(Complaint.number)),
    text("SELECT number FROM complaint"),
]


@pytest.mark.parametrize("read", UNTOLD)
@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # SQLModel would have us use `exec`, which takes no text
async def test_a_read_that_names_nothing_is_refused(two: World, read: Any) -> None:
    """Default deny: nobody can say whose rows these are."""
    async with transaction(two.engine) as session:
        narrow(session, {"north"})
        with pytest.raises(Unnarrowed):
            await session.execute(read)
