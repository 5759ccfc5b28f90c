"""An import of complaints is taken back when others have come near them meanwhile: what they hang on stays."""

from dataclasses import replace

from services.complaints.jobs.erasing import JOBS
from shared.ids import customer_of
from tests.apis import Api
from tests.complaints.importing import bring, undo
from tests.complaints.making import answered, note, told
from tests.erasing import asked_to_forget, forgotten
from tests.rooms import World

HEAD = "工单号,投诉时间,客户编号,投诉渠道,状态,处理完成时间,结案时间"
LONG_OVER = "T-{},2024-03-03 09:00,C-1,phone,closed,2024-03-05 09:00,2024-03-06 09:00"
FILE = "\n".join([HEAD, *(LONG_OVER.format(n) for n in range(3))])


async def references(world: World) -> list[str]:
    return [it["reference"] for it in await world.rows("complaint", "reference", "reference IS NOT NULL ORDER BY reference")]


async def test_what_an_erasure_took_from_a_row_is_not_read_as_if_nothing_had_been_before(complaints: World, api: Api) -> None:
    await bring(complaints, api, FILE)
    second = await bring(complaints, api, FILE.replace("phone", "mail"), existing="update")
    assert second["updated"] == 3
    await complaints.handle(asked_to_forget(customer_of("crm/C-1")))
    await forgotten(JOBS, replace(api.means, pool=complaints.pool))
    gone = await undo(complaints, api, second, keep_changed=True)
    assert (gone["undone"], gone["kept"], len(await references(complaints))) == (0, 3, 3)
    kept = (await api.get(f"/v1/imports/{second['id']}/rows?state=kept"))["items"]
    assert {why["message"] for row in kept for why in row["reasons"]} == {
        "Its customer was erased since, and what it said before with them."
    }


async def test_what_others_wrote_of_or_went_back_to_stays(complaints: World, api: Api) -> None:
    done = await bring(complaints, api, FILE)
    ids = {it["reference"]: it["id"] for it in await complaints.rows("complaint", "reference, id")}
    await complaints.handle(
        told(note(1, "They laughed at me", f"complaint:{ids['T-0']}"), "followup"),
        told(
            answered("dissatisfied", f"complaint:{ids['T-1']}", customer_id=customer_of("crm/C-1")), "followup"
        ),  # not content, and it is too late to begin again
    )
    assert [it["follows"] for it in await complaints.rows("complaint", "follows", "follows IS NOT NULL")] == [f"complaint:{ids['T-1']}"]
    refused = await undo(complaints, api, done)
    assert (refused["state"], refused["undone"]) == ("done", 0)
    assert "worked on 2 of the things" in refused["questions"][0]["message"]
    await undo(complaints, api, done, keep_changed=True)
    assert await references(complaints) == ["T-0", "T-1"]
