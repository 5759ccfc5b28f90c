"""A specialist who is to call somebody sees where, and what they said before; nobody else does, and a line says who did."""

import json
from uuid import UUID

import pytest

from services.followup.domain.call import call_id
from shared.ids import uuid7
from tests.apis import Api
from tests.followup.saying import CUSTOMER, happened, said
from tests.looking import lines, look, reads
from tests.rooms import World

PHONE, OTHER, MAIL = "+8613800138000", "+862155550100", "anna@example.com"
REMARKS = "Next time call 13900139000."


@pytest.fixture
async def call(followup: World, api: Api) -> str:
    """Of a new complaint each time: lines of the trail stay from test to test."""
    complaint: UUID = uuid7()
    await followup.handle(said(happened("resolved", complaint=complaint)))
    for reference, phones in (("erp/C-1", [PHONE]), ("shop/W-1", [OTHER, PHONE])):
        await followup.pool.execute(
            "INSERT INTO contact (reference, customer_id, revision, phones, emails, news, partition, record_offset)"
            " VALUES ($1, $2, 0, $3, $4, false, 0, 0)",
            reference, CUSTOMER, json.dumps(phones), json.dumps([MAIL]),
        )  # fmt: skip
    return str(call_id(f"complaint:{complaint}", 1))


async def test_where_to_call_and_what_was_said(api: Api, followup: World, call: str) -> None:
    here = f"/v1/calls/{call}"
    assert (await look(api, here, "phones", "emails")).json() == {"call_id": call, "phones": [PHONE, OTHER], "emails": [MAIL]}
    assert PHONE not in str(await api.get(here))
    answered = await api.ask("POST", f"{here}/outcome", {"satisfaction": "fair", "remarks": REMARKS}, role="specialist")
    assert answered.status_code == 200
    shown = (await look(api, here, "remarks", purpose="handle_complaint")).json()
    assert [it["text"] for it in shown["remarks"]] == [REMARKS] and "phones" not in shown
    assert await lines(followup, f"call:{call}") == [
        ("s-1", "unmasked", "call_customer", ["phones", "emails"], "headquarters"),
        ("s-1", "unmasked", "handle_complaint", ["remarks"], "headquarters"),
    ]
    assert (reads(api, "contact"), reads(api, "words", "handle_complaint")) == (1, 1)


async def test_not_everybody_may(api: Api, followup: World, call: str) -> None:
    for role in ("reception", "department", "auditor", "viewer", "admin", "integration"):
        assert (await look(api, f"/v1/calls/{call}", "phones", role=role)).status_code == 403
    assert await lines(followup, f"call:{call}") == []
