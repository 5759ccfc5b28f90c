"""Complaints is a room without business: what it answers, and that it does not pretend."""

from services.complaints.app import service
from tests.apis import Api
from tests.makers import placed, record
from tests.rooms import World


async def test_nothing_is_parked_and_nothing_stopped(api: Api) -> None:
    assert await api.get("/v1/parked?count=true") == {"items": [], "next": None, "total": 0}
    assert await api.get("/v1/stopped") == {"items": []}
    await api.get("/v1/complaints", status=404)


async def test_what_is_the_business_of_others_is_passed_over(complaints: World) -> None:
    await complaints.handle(record("order.placed.v1", placed(placed_at="soon")))
    assert not await complaints.rows("parked") and not await complaints.rows("inbox")


def test_it_does_not_pretend() -> None:
    assert [router.prefix for router in service.routers] == ["/v1/parked", "/v1/stopped"] and not service.listeners
