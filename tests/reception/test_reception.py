"""Reception checks what telephony publishes, keeps what is wrong with it, and says to whom it listens."""

from tests.apis import Api
from tests.makers import placed, record
from tests.reception.desk import NUMBER, missed, telephoned
from tests.rooms import World


async def test_a_good_call_is_taken_and_a_bad_one_is_parked_and_told(reception: World, api: Api) -> None:
    good, bad = telephoned("call.missed.v1", missed()), telephoned("call.missed.v1", missed(reason="lunch"))
    await reception.handle(good, bad, good)
    listing = await api.get("/v1/parked?count=true")
    assert (listing["total"], listing["items"][0]["code"], listing["items"][0]["pointer"]) == (1, "invalid", "/reason")
    rejected = [it for name, it in await reception.announced() if name == "event.rejected.v1"]
    assert len(rejected) == 1 and rejected[0] and rejected[0]["code"] == "invalid"
    assert NUMBER not in str(listing) and NUMBER not in str(rejected)
    assert len(await reception.rows("inquiry")) == 1


async def test_what_is_the_business_of_others_is_passed_over(reception: World) -> None:
    await reception.handle(record("order.placed.v1", placed(placed_at="soon")))
    assert not await reception.rows("parked") and not await reception.rows("inbox")


def test_it_owns_the_calls_and_listens_to_three_others(reception: World) -> None:
    assert reception.room.gate.topics == [
        "careloop.contacts", "careloop.customers", "careloop.followup", "careloop.inbound.calls", "careloop.inbound.staff", "careloop.notes",
        "careloop.reception",
    ]  # fmt: skip
    assert reception.room.gate.owned == {"careloop.inbound.calls", "careloop.reception"}
