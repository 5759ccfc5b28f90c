"""Every step from every place, over the real edge: it is taken, or refused with exactly what is possible instead."""

from datetime import timedelta

import pytest

from services.complaints.domain.complaint import NotNow
from services.complaints.domain.course import Place, Step
from tests.apis import Api
from tests.complaints.making import DAYS, NOON, STEPS, a_complaint, kept
from tests.rooms import World

# the table of the business, written down a second time: place, the steps from there, and the state in which each ends
TABLE: dict[str, dict[str, str]] = {
    "received": {"acknowledgement": "acknowledged", "judgement": "judged", "withdrawal": "withdrawn", "escalation": "escalated"},
    "acknowledged": {"judgement": "judged", "withdrawal": "withdrawn", "escalation": "escalated"},
    "judged and upheld": {"resolution": "resolved", "withdrawal": "withdrawn", "escalation": "escalated"},
    "judged and not upheld": {"explanation": "explained", "withdrawal": "withdrawn", "escalation": "escalated"},
    "explained": {"resolution": "resolved", "withdrawal": "withdrawn", "escalation": "escalated"},
    "investigating": {"resolution": "resolved", "withdrawal": "withdrawn", "escalation": "escalated"},
    "resolved": {"acceptance": "accepted", "reopening": "investigating"},
    "accepted": {"reopening": "investigating", "closing": "closed"},
    "closed": {"reopening": "investigating"},
    "withdrawn": {},
    "escalated": {"resolution": "resolved", "withdrawal": "withdrawn", "escalation": "escalated"},
}


def test_the_table_knows_every_place_and_every_step() -> None:
    assert TABLE.keys() == set(Place) and STEPS.keys() == set(Step) - {Step.GIVING_UP}


@pytest.mark.parametrize("name", STEPS)
@pytest.mark.parametrize("place", Place)
async def test_a_step_is_taken_or_refused_with_what_is_possible(complaints: World, api: Api, place: Place, name: str) -> None:
    it = await kept(complaints, a_complaint(place))
    answer = await api.ask("POST", f"/v1/complaints/{it.id}/{name}", STEPS[name], role="specialist", If_Match='"1"')
    events = [type for type, _ in await complaints.announced() if type.startswith("complaint.")]
    if name in TABLE[place]:
        assert (answer.status_code, answer.json()["state"], answer.headers["ETag"]) == (200, TABLE[place][name], '"2"'), answer.text
        assert answer.json() == {key: value for key, value in (await api.get(f"/v1/complaints/{it.id}")).items() if key != "notes"}
        assert len(events) == 1
    else:
        assert (answer.status_code, answer.json()["type"]) == (409, "https://careloop.dev/problems/not-now"), answer.text
        assert answer.json()["allowed"] == list(TABLE[place])
        assert (await api.get(f"/v1/complaints/{it.id}"))["version"] == 1 and not events and not await complaints.rows("note")


@pytest.mark.parametrize("place", [Place.RESOLVED, Place.ACCEPTED, Place.CLOSED])
async def test_it_can_be_reopened_for_thirty_days_to_the_second(complaints: World, api: Api, place: Place) -> None:
    """CMPL-14"""
    late, in_time = a_complaint(place, resolved_at=NOON - DAYS - timedelta(seconds=1)), a_complaint(place, resolved_at=NOON - DAYS)
    await kept(complaints, late, in_time)
    answers = [
        await api.ask("POST", f"/v1/complaints/{it.id}/reopening", {"reason": "-"}, role="specialist", If_Match='"1"')
        for it in (late, in_time)
    ]
    assert [it.status_code for it in answers] == [409, 200]
    assert "30 days" in answers[0].json()["detail"]
    assert answers[0].json()["allowed"] == [name for name in TABLE[place] if name != "reopening"]


@pytest.mark.parametrize("place", Place)
def test_only_what_was_resolved_can_be_given_up(place: Place) -> None:
    """FLUP-31: and nobody is told that they could do it."""
    it = a_complaint(place)
    if place is Place.RESOLVED:
        it.move(Step.GIVING_UP, NOON)
        assert it.state == "closed"
    else:
        with pytest.raises(NotNow):
            it.move(Step.GIVING_UP, NOON)
    assert "giving up" not in it.allowed(NOON)
