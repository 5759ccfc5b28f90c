"""Between units: whom somebody may call, what they may take, and what they learn of others' people."""

import json
from typing import Any

import pytest

from services.followup.domain.call import call_id
from tests.apis import Api
from tests.followup.saying import COMPLAINT, CUSTOMER, happened, said
from tests.rooms import World
from tests.shared.an_api import token
from tests.todo import declare

CALL = f"/v1/calls/{call_id(f'complaint:{COMPLAINT}', 1)}"


async def ask(api: Api, path: str, body: Any, *, role: str, units: list[str], sub: str = "s-2") -> Any:
    return await api.client.post(f"{CALL}/{path}", json=body, headers={"Authorization": f"Bearer {token(role, units=units, sub=sub)}"})


@pytest.fixture(autouse=True)
async def a_call_overseas(followup: World, api: Api) -> None:
    """About a customer of headquarters, who complained overseas."""
    await followup.handle(said(happened("resolved", unit="overseas")))


async def is_known_to(followup: World, unit: str | None) -> None:
    await followup.pool.execute(
        "INSERT INTO contact (reference, customer_id, revision, phones, emails, unit, news, partition, record_offset)"
        " VALUES ('erp/C-1', $1, 0, $2, '[]', $3, false, 0, 0)",
        CUSTOMER, json.dumps(["+8613800138000"]), unit,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("units", "known_to", "phones"),
    [
        (["overseas"], "headquarters", []),
        (["overseas"], "overseas", ["+8613800138000"]),
        (["overseas"], None, ["+8613800138000"]),
        (["overseas", "headquarters"], "headquarters", ["+8613800138000"]),
        (["*"], "headquarters", ["+8613800138000"]),
    ],
)
async def test_no_call_shows_how_another_units_customer_is_reached(
    api: Api, followup: World, units: list[str], known_to: str | None, phones: list[str]
) -> None:
    await is_known_to(followup, known_to)
    answer = await ask(api, "unmasking", {"purpose": "call_customer", "fields": ["phones"]}, role="specialist", units=units)
    assert (answer.status_code, answer.json()["phones"]) == (200, phones)


async def test_who_works_for_several_units_takes_what_they_see(api: Api, followup: World) -> None:
    """The directory knows one unit of each, their token all."""
    await declare(followup, "s-2", "specialist", unit="headquarters")
    assert (await ask(api, "assignment", {"staff_id": "s-2"}, role="specialist", units=["headquarters"])).status_code == 404
    taken = await ask(api, "assignment", {"staff_id": "s-2"}, role="specialist", units=["headquarters", "overseas"])
    assert (taken.status_code, taken.json()["assigned_to"]) == (200, "s-2")


async def test_people_of_other_units_are_not_there(api: Api, followup: World) -> None:
    """Known, gone or never heard of: the answer is the same."""
    await declare(followup, "s-2", "specialist", unit="headquarters")
    await declare(followup, "s-3", "specialist", unit="headquarters", active=False)
    told = [
        (await ask(api, "assignment", {"staff_id": id}, role="supervisor", units=["overseas"], sub="s-9")).json()
        for id in ("s-2", "s-3", "s-404")
    ]
    assert {(it["type"].rpartition("/")[2], it["detail"]) for it in told} == {("unknown-colleague", told[0]["detail"])}
    seen = await ask(api, "assignment", {"staff_id": "s-2"}, role="supervisor", units=["*"], sub="s-9")
    assert seen.json()["type"].endswith("of-another-unit") and "headquarters" not in seen.json()["detail"]
