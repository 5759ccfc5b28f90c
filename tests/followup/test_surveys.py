"""Answers to surveys: each is registered and told once, however often, however late."""

import asyncio
from datetime import timedelta
from itertools import permutations
from typing import Any

import pytest

from shared.ids import customer_of
from tests.apis import Api
from tests.followup.conftest import NOON
from tests.followup.saying import answered
from tests.followup.test_telling import contact
from tests.makers import customer
from tests.rooms import World


async def reports(followup: World) -> list[dict[str, Any]]:
    return [body for name, body in await followup.announced() if name == "satisfaction.reported.v1" and body]


@pytest.mark.parametrize(("score", "word"), [(1, "dissatisfied"), (2, "dissatisfied"), (3, "fair"), (4, "satisfied"), (5, "satisfied")])
async def test_the_score_says_how_content_they_are(followup: World, api: Api, score: int, word: str) -> None:
    """FLUP-08, FLUP-30, D-30"""
    await followup.handle(answered(score, about="order:PO-1", aspects=["speed", "packing"]))
    (item,) = (await api.get("/v1/surveys"))["items"]
    assert (item["satisfaction"], item["score"], item["aspects"], item["about"]) == (word, score, ["speed", "packing"], "order:PO-1")
    assert (item["customer_id"], item["source"], item["unit"]) == (str(customer_of("shop/W-1")), "/surveys", "headquarters")
    (told,) = await reports(followup)
    assert told == {
        "customer_id": item["customer_id"], "unit": "headquarters", "about": "order:PO-1", "round": None, "satisfaction": word, "score": score,
        "aspects": ["speed", "packing"], "reported_at": "2026-01-06T04:00:00Z", "note_id": None, "call_id": None, "survey_id": item["id"],
    }  # fmt: skip


async def test_the_same_answer_told_again_is_one_in_one_batch_or_several(followup: World) -> None:
    """Also under new ids, and when two workers hear it at once."""
    await followup.handle(answered(id="a"), answered(id="a"), answered(id="b"))
    await followup.handle(answered(id="b"), answered(id="c"))
    await asyncio.gather(*(followup.handle(answered(id=f"{n}"), answered(survey="S-2", id=f"{n}-2")) for n in range(3)))
    assert len(await followup.rows("survey")) == len(await reports(followup)) == 2 and not await followup.rows("parked")


async def test_one_survey_may_ask_about_several_things_and_several_people(followup: World) -> None:
    for order in permutations([answered(about="order:1"), answered(about="order:2"), answered(), answered(reference="shop/W-2")], 4):
        await followup.empty()
        await followup.handle(*order[:2])
        await followup.handle(*order[2:])
        assert len(await followup.rows("survey")) == len(await reports(followup)) == 4


async def test_old_answers_are_told_like_any(followup: World) -> None:
    await followup.handle(answered(answered_at=(NOON - timedelta(days=3000)).isoformat()))
    assert len(await reports(followup)) == 1


async def test_the_unit_is_the_events_otherwise_the_customers(followup: World) -> None:
    await followup.handle(contact("shop/W-1", unit="overseas"))
    await followup.handle(answered())
    assert [row["unit"] for row in await followup.rows("survey")] == ["overseas"]


async def test_a_broken_answer_is_parked_and_told_to_its_publisher(followup: World) -> None:
    """Follow-up owns the topic."""
    await followup.handle(answered(6), answered(3))
    assert [(row["code"], row["pointer"]) for row in await followup.rows("parked")] == [("invalid", "/score")]
    assert [name for name, _ in await followup.announced()] == ["event.rejected.v1", "satisfaction.reported.v1"] or len(
        await reports(followup)
    ) == 1


@pytest.mark.parametrize(
    ("question", "number"),
    [
        ("about=order:1", 1), ("satisfaction=dissatisfied", 2), ("score=1&score=3", 2), ("survey_id=S-1", 2), ("source=/surveys", 4), ("source=/erp", 0),
        (f"customer_id={customer_of('shop/W-2')}", 1), ("unit=overseas", 0), ("unit=headquarters&satisfaction=satisfied", 1),
    ],
)  # fmt: skip
async def test_the_register_is_narrowed_by_its_columns(followup: World, api: Api, question: str, number: int) -> None:
    await followup.handle(
        answered(1, about="order:1"), answered(2, about="order:2"), answered(3, "S-2"), answered(5, "S-2", customer=customer("shop/W-2"))
    )
    page = await api.get(f"/v1/surveys?{question}&count=true", role="viewer")
    assert page["total"] == len(page["items"]) == number


async def test_who_may_not_read_answers_does_not(api: Api) -> None:
    assert (await api.ask("GET", "/v1/surveys", role="privacy_officer")).status_code == 403


async def test_words_and_numbers_in_the_wrong_place_go_no_further(followup: World) -> None:
    """FLUP-08: aspects are codes, and what it is about is a thing; both stand in events that many read."""
    await followup.handle(
        answered(about="call me at +8613812349998", aspects=["speed", "张三 13812349999", "speed", *(f"a{n}" for n in range(30))])
    )
    (told,) = await reports(followup)
    assert told["about"] is None and told["aspects"] == ["speed", *(f"a{n}" for n in range(19))]


async def test_nobody_answered_in_the_future(followup: World) -> None:
    await followup.handle(answered(answered_at="2199-01-01T00:00:00Z"))
    (parked,) = await followup.rows("parked")
    assert (parked["code"], parked["pointer"], parked["ours"]) == ("future_time", "/answered_at", False)
    assert not await followup.rows("survey")
