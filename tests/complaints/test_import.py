"""Complaints of the past out of a file: as they stood, with their clocks, and nobody is told; and what is still open goes on from there."""

from datetime import datetime, timedelta

import pytest

from services.complaints.app import jobs as all_jobs
from tests.complaints.importing import bring, of_a_worker, reasons, undo
from tests.complaints.making import NOON, step
from tests.rooms import World

HEAD = "工单号,投诉时间,客户编号,投诉渠道,投诉类别,投诉内容,产品,责任部门,原因,状态,首次答复时间,判定时间,是否成立,处理结果,处理完成时间,结案时间,赔偿金额"
LIVED = "T-1,2025-03-03 09:00,C-1,phone,quality,钢卷弯了,A-12,品质部,packing,closed,2025-03-03 10:00,2025-03-04 09:00,是,已换货,2025-04-30 10:00,2025-05-06 09:00,200"
OVERDUE = "T-2,2025-06-02 09:00,C-1,mail,delivery,迟了,,,,received,,,,,,,"
FRESH = "T-3,2026-01-05 11:50,,phone,delivery,没人接电话,,,,,,,,,,,"
UNDATED = "1E5,2025-07-01,C-9,phone,quality,,,,,closed,,,,,,,"
FILE = "\n".join([HEAD, LIVED, OVERDUE, FRESH, UNDATED])


@pytest.fixture(autouse=True)
def noon(monkeypatch, complaints: World):
    """Imports and the clocks live at the room's time."""
    for place in (
        "shared.imports.judging.now",
        "shared.clocks.firing.now",
        "shared.todo.overdue.now",
        "services.complaints.jobs.chores.now",
    ):
        monkeypatch.setattr(place, lambda: complaints.clock[0])


async def by_reference(api, reference: str):
    (told,) = (await api.get(f"/v1/complaints?reference={reference}"))["items"]
    return told


async def clocks(world: World, about: str):
    """Milestone, state, in arrears or not any more, when it was done."""
    found = await world.rows("clock", "milestone, state, moot, done_at", "about = $1 ORDER BY milestone", about)
    return [tuple(it.values()) for it in found]


async def time_passes(world: World, api) -> None:
    means = of_a_worker(world, api)
    for job in all_jobs(means):
        if job.name in ("clocks", "overdue", "chores", "following"):
            while await job.run(means):
                pass


def local(text: str) -> datetime:
    return datetime.fromisoformat(f"{text}+08:00")


async def test_they_come_as_they_stood_and_nobody_is_told(complaints, api):
    done = await bring(complaints, api, FILE)
    assert (done["state"], done["created"], done["failed"], done["unused"]) == ("done", 4, 0, []), done
    await time_passes(complaints, api)
    assert await complaints.announced() == [] and await complaints.requested() == []
    assert await complaints.rows("task") == [] and await complaints.rows("journal") == []

    lived = await by_reference(api, "T-1")
    told = {
        name: lived[name]
        for name in ("state", "category", "product", "department", "cause", "upheld", "severity", "source", "closed_as", "undated")
    }
    assert told == {
        "state": "closed", "category": "quality", "product": "A-12", "department": "品质部", "cause": "packing", "upheld": True, "severity": "ordinary",
        "source": "crm", "closed_as": "unreachable", "undated": False,
    }  # fmt: skip
    assert lived["compensation"] == {"amount": "200.0000", "currency": "CNY"} and lived["import_id"] == done["id"]
    words = (await api.get(f"/v1/complaints/{lived['id']}"))["notes"]
    assert [(it["kind"], it["text"]) for it in words] == [("content", "钢卷弯了"), ("result", "已换货")]
    assert await clocks(complaints, f"complaint:{lived['id']}") == [
        ("acknowledgement", "met", False, local("2025-03-03 10:00")), ("plan", "missed", False, local("2025-04-30 10:00")),
    ]  # fmt: skip
    overdue, fresh, undated = [await by_reference(api, it) for it in ("T-2", "T-3", "1E5")]
    assert await clocks(complaints, f"complaint:{overdue['id']}") == [
        ("acknowledgement", "missed", True, None),
        ("plan", "missed", True, None),
    ]
    assert {state for _, state, *_ in await clocks(complaints, f"complaint:{fresh['id']}")} == {"running"}
    assert (await clocks(complaints, f"complaint:{undated['id']}"), undated["undated"], undated["channel"]) == ([], True, "phone")
    total = (await api.get("/v1/statistics"))["total"]
    assert (total["closed"], total["open"], total["overdue"], total["mean_days"]) == (2, 2, 2, "58.04")


async def test_what_is_open_goes_on_from_there(complaints, api):
    await bring(complaints, api, FILE)
    fresh, overdue = await by_reference(api, "T-3"), await by_reference(api, "T-2")
    complaints.clock[0] = NOON + timedelta(days=9)
    await time_passes(complaints, api)
    missed = [body for name, body in await complaints.announced() if name == "milestone.missed.v1"]
    assert {it["about"] for it in missed} == {f"complaint:{fresh['id']}"}  # what was late before it came is nobody's alarm
    assert {it["about"] for it in await complaints.rows("task")} == {f"complaint:{fresh['id']}"}
    await complaints.pool.execute("DELETE FROM outbox")
    for name in ("acknowledgement", "judgement", "resolution"):
        await step(api, overdue["id"], name, role="supervisor")
    told = [(name, body["number"]) for name, body in await complaints.announced() if name.startswith("complaint.")]
    assert told == [(f"complaint.{it}.v1", overdue["number"]) for it in ("acknowledged", "judged", "resolved")]
    assert {(state, done is None) for _, state, _, done in await clocks(complaints, f"complaint:{overdue['id']}")} == {("missed", False)}
    await time_passes(complaints, api)
    assert len(await complaints.rows("task")) == 2  # both of T-3
    assert (
        await complaints.rows("clock", "id", "(state = 'missed' AND done_at IS NULL AND NOT moot) <> asked") == []
    )  # no job looks for them for ever


BAD = [
    "B-1,2026-13-05,C-1,phone,quality,,,,,,,,,,,,",
    "B-2,2025-03-03 09:00,C-1,电话,quality,,,,,done,,,,,,,",
    "B-3,2025-03-03 09:00,C-1,phone,quality,,,,,closed,2025-03-02,,,,2025-03-01,,",
    "B-4,2025-03-03 09:00,C-1,phone,quality,,,,,judged,,,,,,,12.5",
    "B-5,2028-01-01,C-1,phone,quality,,,,,received,,,,,2025-03-05,,",
]


async def test_a_row_that_cannot_be_says_everything_that_is_wrong(complaints, api):
    done = await bring(complaints, api, "\n".join([HEAD, *BAD, LIVED, LIVED]))
    assert (done["state"], done["created"], done["failed"]) == ("done", 1, 6)
    assert await reasons(api, done) == {
        2: [("投诉时间", "The calendar has no such day.", "Write it as 2026-01-05.")],
        3: [
            ("投诉渠道", "It is no code: lower-case letters, digits, hyphen and underscore, at most 32.",
             "Write the code, or say in `values` which code this word stands for."),
            ("状态", "This word is not known here.",
             "Write one of received, acknowledged, judged, explained, investigating, resolved, accepted, closed, withdrawn, escalated, or say in"
             " `values` which of them it stands for."),
        ],
        4: [
            ("首次答复时间", "It can't have been acknowledged before it was received.", "Mend one of the two times, or leave this one empty."),
            ("处理完成时间", "It can't have been resolved before it was acknowledged.", "Mend one of the two times, or leave this one empty."),
        ],
        5: [
            ("是否成立", "It is judged, and nothing says whether it was upheld.", "Write yes or no."),
            ("赔偿金额", "There is a compensation and no result yet.",
             "Write resolved, accepted or closed as its state, or leave the compensation empty."),
        ],
        6: [
            ("投诉时间", "It can't have been received at a time that is still to come.", "Write when that was."),
            ("处理完成时间", "It can't have been resolved before it was received.", "Mend one of the two times, or leave this one empty."),
            ("状态", "It has a time at which it was resolved, and its state is received.",
             "Write resolved, accepted or closed, or leave that time empty."),
        ],
        8: [(None, "Row 7 is about the same.", "Leave one of the two out, or make one of them.")],
    }  # fmt: skip
    values = {"channel": {"电话": "phone"}, "state": {"done": "closed"}}
    again = await bring(complaints, api, "\n".join([HEAD, BAD[1]]), values=values)
    assert (again["created"], again["failed"]) == (1, 0)


@pytest.mark.parametrize(("existing", "became"), [("skip", (0, 2, 0)), ("fail", (0, 0, 2)), ("update", (1, 1, 0))])
async def test_what_is_there_already(complaints, api, existing, became):
    await bring(complaints, api, "\n".join([HEAD, LIVED, OVERDUE]))
    done = await bring(complaints, api, "\n".join([HEAD, LIVED, OVERDUE.replace("mail", "fax")]), existing=existing)
    assert (done["updated"], done["skipped"], done["failed"]) == became
    assert [it["channel"] for it in await complaints.rows("complaint", "channel", "reference = 'T-2'")] == ["fax" if became[0] else "mail"]
    assert len(await complaints.rows("complaint")) == 2 and await complaints.announced() == []


async def test_undone_is_as_if_it_had_never_been_but_for_what_somebody_worked_on(complaints, api):
    first = await bring(complaints, api, FILE)
    kept = {name: await complaints.rows(name, "*", "true ORDER BY id") for name in ("complaint", "clock")}
    changed = [
        LIVED.replace("已换货", "已退款").replace("2025-04-30", "2025-03-05"),
        OVERDUE.replace("received,", "acknowledged,2025-06-02 10:00"),
    ]
    second = await bring(
        complaints,
        api,
        "\n".join([HEAD, *changed]),
        existing="update",
    )
    assert (second["updated"], second["failed"]) == (2, 0), await reasons(api, second)
    lived = await by_reference(api, "T-1")
    assert {state for _, state, *_ in await clocks(complaints, f"complaint:{lived['id']}")} == {"met"}
    assert [it["text"] for it in await complaints.rows("note", "text", "kind = 'result'")] == ["已退款"]
    refused = await undo(complaints, api, first)
    assert (refused["state"], refused["undone"]) == ("done", 0)  # two were changed by the second
    assert [it["message"] for it in refused["questions"]] == ["Somebody has worked on 2 of the things since; nothing was undone."]
    assert (await undo(complaints, api, second))["undone"] == 2
    for name, rows in kept.items():
        found = await complaints.rows(name, "*", "true ORDER BY id")
        assert [it | {"version": 0} for it in found] == [it | {"version": 0} for it in rows]

    complaints.clock[0] = NOON + timedelta(days=9)
    await time_passes(complaints, api)  # T-3 is late now, and a supervisor has a task
    await step(api, (await by_reference(api, "T-2"))["id"], "acknowledgement")
    assert (await bring(complaints, api, "\n".join([HEAD, OVERDUE]), existing="update"))["failed"] == 1
    await complaints.pool.execute("DELETE FROM outbox")
    gone = await undo(complaints, api, first, keep_changed=True)
    assert (gone["state"], gone["undone"], gone["kept"]) == ("reversed", 3, 1)
    assert [it["reference"] for it in await complaints.rows("complaint")] == ["T-2"]
    about = {f"complaint:{(await by_reference(api, 'T-2'))['id']}"}
    assert {it["about"] for name in ("clock", "note") for it in await complaints.rows(name)} == about and await complaints.rows(
        "task"
    ) == []
    assert await complaints.announced() == [] and len(await complaints.requested(moot=True)) > 0  # whoever was to be told need not be
