"""Who at work is to hear of an inquiry, through the real edge: each thing once, with codes alone."""

from datetime import timedelta

from services.reception.domain.clock import Watch
from shared.clocks import firing
from shared.service import Means
from tests.apis import Api
from tests.reception.conftest import TRADE, SetClock
from tests.reception.desk import asked, post
from tests.reception.test_deadlines import EVE
from tests.rooms import World


async def test_an_answer_that_is_late_is_a_supervisors_at_once(api: Api, reception: World, worker: Means, set_clock: SetClock) -> None:
    """INQY-09"""
    set_clock(EVE)
    inquiry = await asked(api, channel="phone")
    set_clock(EVE + timedelta(days=1, minutes=5))
    for _ in range(2):
        await firing.fire(Watch, TRADE, worker)
    (told,) = await reception.requested()
    assert (told["kind"], told["to_role"], told["urgent"], told["about"]) == (
        "inquiry_overdue",
        "supervisor",
        True,
        f"inquiry:{inquiry['id']}",
    )
    assert told["facts"] == {"milestone": "answer", "round": 1}
    await post(api, f"/v1/inquiries/{inquiry['id']}/answer", {"answer": "Tomorrow."})
    (over,) = await reception.requested(moot=True)
    assert (over["kind"], over["about"], over["facts"]) == ("milestone_over", told["about"], told["facts"])


async def test_whoever_handles_complaints_hears_of_a_handover(api: Api, reception: World) -> None:
    """INQY-11"""
    inquiry = await asked(api, kind="complaint")
    await post(api, f"/v1/inquiries/{inquiry['id']}/handover", {"to": "complaints", "category": "delivery"})
    (told,) = await reception.requested()
    assert (told["kind"], told["to_role"], told["about"], told["facts"]) == (
        "inquiry_handed_over",
        "specialist",
        f"inquiry:{inquiry['id']}",
        {},
    )
