"""What outsiders read of notices, over HTTP, with a token."""

from uuid import uuid4

import pytest

from tests.apis import Api
from tests.followup.conftest import NOON
from tests.followup.test_telling import at, contact
from tests.makers import delivered, record, shipped
from tests.rooms import World


async def test_the_register_says_what_became_of_every_notice(followup: World, api: Api) -> None:
    await followup.handle(
        contact(),
        record("order.shipped.v1", shipped("S-1", shipped_at=at(-2))),
        record("shipment.delayed.v1", shipped("S-1") | {"detected_at": at(-1), "reason": "weather"}, source="/logistics"),
        record("order.shipped.v1", shipped("S-2", shipped_at=at(-2))),
        record("order.delivered.v1", delivered("S-2", delivered_at=at(-1))),
    )
    answer = await api.ask("GET", "/v1/notices?count=true", role="viewer")
    assert answer.status_code == 200
    told = answer.json()
    assert told["total"] == 3 and told["next"] is None
    assert {(it["shipment_id"], it["kind"]): it["state"] for it in told["items"]} == {
        ("S-1", "shipped"): "superseded", ("S-1", "delayed"): "planned", ("S-2", "shipped"): "called_off",
    }  # fmt: skip
    assert set(told["items"][0]) >= {
        "id",
        "kind",
        "source",
        "order_id",
        "shipment_id",
        "customer_id",
        "unit",
        "state",
        "reason",
        "due_at",
        "sent_at",
        "deliveries",
    }


@pytest.mark.parametrize(
    ("query", "number"), [("kind=shipped", 2), ("source=/logistics", 1), ("state=planned&state=superseded", 2), ("order_id=O-2", 0)]
)
async def test_it_is_narrowed_by_its_columns(followup: World, api: Api, query: str, number: int) -> None:
    await followup.handle(
        record("order.shipped.v1", shipped("S-1", shipped_at=at(-2))),
        contact(),
        record("shipment.delayed.v1", shipped("S-1") | {"detected_at": at(-1), "reason": "weather"}, source="/logistics"),
        record("order.shipped.v1", shipped("S-2", shipped_at=NOON.isoformat())),
    )
    answer = await api.ask("GET", f"/v1/notices?{query}&count=true", role="integration")
    assert answer.json()["total"] == len(answer.json()["items"]) == (number if query != "state=planned&state=superseded" else 3)


async def test_one_is_shown_and_a_strange_id_is_a_problem(followup: World, api: Api) -> None:
    await followup.handle(contact(), record("order.shipped.v1", shipped(shipped_at=at(-1))))
    (row,) = await followup.rows("notice")
    answer = await api.ask("GET", f"/v1/notices/{row['id']}", role="viewer")
    assert answer.json()["state"] == "planned" and "c1@example.com" not in answer.text
    strange = await api.ask("GET", f"/v1/notices/{uuid4()}", role="viewer")
    assert (strange.status_code, strange.headers["content-type"]) == (404, "application/problem+json")
    assert (await api.ask("GET", "/v1/notices?colour=red", role="viewer")).status_code == 422
    assert (await api.ask("GET", "/v1/notices?state=nonsense", role="viewer")).status_code == 422
