"""Reception checks what telephony publishes, and keeps what is wrong with it."""

from services.reception.app import service
from tests.apis import Api
from tests.makers import moment, record
from tests.rooms import World

NUMBER = "+8613800138000"
MISSED = {"call_id": "T-1", "started_at": moment(), "ended_at": moment(0.01), "reason": "busy", "caller_number": NUMBER}


async def test_a_good_call_is_taken_and_a_bad_one_is_parked_and_told(reception: World, api: Api) -> None:
    good = record("call.missed.v1", MISSED, source="/telephony")
    bad = record("call.missed.v1", MISSED | {"reason": "lunch"}, source="/telephony")
    await reception.handle(good, bad, good)
    listing = await api.get("/v1/parked?count=true")
    assert (listing["total"], listing["items"][0]["code"], listing["items"][0]["pointer"]) == (1, "invalid", "/reason")
    ((name, told),) = await reception.announced()
    assert name == "event.rejected.v1" and told and told["code"] == "invalid"
    assert NUMBER not in str(listing) and NUMBER not in str(told)


def test_it_owns_the_calls(reception: World) -> None:
    assert reception.room.gate.topics == ["careloop.inbound.calls", "careloop.reception"]


def test_it_does_not_pretend() -> None:
    assert [router.prefix for router in service.routers] == ["/v1/parked", "/v1/stopped"] and not service.listeners
