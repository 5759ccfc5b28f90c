"""`careloop staff import`: a file of staff as declarations, all of it or nothing, and nothing twice."""

import gzip
import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from deploy.feed import directory, roster
from deploy.feed.directory import News, Said, declarations
from deploy.feed.roster import NoRoster, read
from services.customers.app import service
from shared.contracts.declarations import StaffDeclared, StaffWithdrawn
from shared.envelope import headers_of
from shared.ids import uuid7
from shared.replay import Record
from shared.units import Unit
from tests.deploy.cli import careloop
from tests.deploy.topics import watched
from tests.rooms import UNITS, world

KNOWN = {"headquarters", "north"}
HEADER = "staff_id,display_name,unit,posts,roles,skills,capacity_weight,absences,email,phone,active"
GOOD = "s-1,李华,headquarters,quality_manager;signatory,specialist,steel:4; wood:2,0.5,2026-01-05/2026-01-09;2026-02-01;2026-03-01/,lihua@example.com,+862155550101,yes"
FULL = {
    "staff_id": "s-1", "display_name": "李华", "unit": "headquarters", "posts": ["quality_manager", "signatory"], "roles": ["specialist"],
    "skills": [{"code": "steel", "level": 4}, {"code": "wood", "level": 2}], "capacity_weight": 0.5,
    "absences": [{"from": "2026-01-05", "until": "2026-01-09"}, {"from": "2026-02-01", "until": "2026-02-01"}, {"from": "2026-03-01"}],
    "email": "lihua@example.com", "phone": "+862155550101", "active": True,
}  # fmt: skip


def csv(tmp_path: Path, *rows: str, header: str = HEADER, encoding: str = "utf-8") -> str:
    file = tmp_path / "staff.csv"
    file.write_bytes("\r\n".join((header, *rows, "")).encode(encoding))
    return str(file)


def bodies(found: roster.Roster) -> list[dict[str, Any]]:
    assert found.mistakes == []
    return [json.loads(it.model_dump_json(exclude_none=True, by_alias=True)) for it in found.staff]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
def test_a_row_is_a_declaration(tmp_path: Path, encoding: str) -> None:
    assert bodies(read(csv(tmp_path, GOOD, encoding=encoding), units=KNOWN)) == [FULL]


def test_whoever_left_may_have_been_of_a_unit_and_role_that_there_is_not_any_more(tmp_path: Path) -> None:
    gone, here = "s-2,A,south,,janitor,,,,,,no", "s-3,A,south,,janitor,,,,,,yes"
    found = read(csv(tmp_path, gone, here), units=KNOWN)
    assert [it.staff_id for it in found.staff] == ["s-2"] and [(it.line, it.column) for it in found.mistakes] == [(3, "roles"), (3, "unit")]


def test_chinese_headings_in_any_order_and_columns_that_mean_nothing(tmp_path: Path) -> None:
    header = "部门,工号,姓名,入职日期,在职,角色,岗位,技能,权重,休假,邮箱,电话"
    row = "north,007,王芳,2020-01-01,否,specialist；leader,,steel：5,,,,"
    found = read(csv(tmp_path, row, header=header, encoding="gb18030"), units=KNOWN)
    assert found.ignored == ["入职日期"]
    assert bodies(found) == [{
        "staff_id": "007", "display_name": "王芳", "unit": "north", "posts": [], "roles": ["specialist", "leader"],
        "skills": [{"code": "steel", "level": 5}], "active": False,
    }]  # fmt: skip


def test_packed_and_with_little_in_it(tmp_path: Path) -> None:
    file = tmp_path / "staff.csv.gz"
    file.write_bytes(gzip.compress(b"staff_id,display_name,unit\ns-1,A,north\n\n,,\ns-2,B,north\n"))
    assert [it["active"] for it in bodies(read(str(file), units=KNOWN))] == [True, True]


@pytest.mark.parametrize(("row", "column", "words"), [
    (",李华,headquarters,,,,,,,,", "staff_id", "It is required"),
    ("s-9,,headquarters,,,,,,,,", "display_name", "It is required"),
    ("s-9,李华,,,,,,,,,", "unit", "It is required"),
    ("s-9,李华,moon,,,,,,,,", "unit", "one of headquarters, north."),
    ("s-9,李华,north,,specialist;janitor,,,,,,", "roles", "one of admin, auditor"),
    ("s-9,李华,north,,,steel,,,,,", "skills", "steel:4"),
    ("s-9,李华,north,,,steel:9,,,,,", "skills", "from 1 to 5"),
    ("s-9,李华,north,,,,half,,,,", "capacity_weight", "from 0 to 1000"),
    ("s-9,李华,north,,,,nan,,,,", "capacity_weight", "from 0 to 1000"),
    ("s-9,李华,north,,,,-1,,,,", "capacity_weight", "from 0 to 1000"),
    ("s-9,李华,north,,,,,5 January,,,", "absences", "2026-01-05"),
    ("s-9,李华,north,,,,,2026-01-09/2026-01-05,,,", "absences", "before it begins"),
    ("s-9,李华,north,,,,,,nobody,,", "email", "name@example.com"),
    ("s-9,李华,north,,,,,,,13800138000,", "phone", "E.164"),
    ("s-9,李华,north,,,,,,,,perhaps", "active", "yes or no"),
    ("s-9,李华,north,,,,,,,,yes,more", "-", "more cells"),
    ('s-9,"李"华,north,,,,,,,,', "-", "can't be read"),
    ("s-1,李华,north,,,,,,,,", "staff_id", "Line 2"),
])  # fmt: skip
def test_what_is_wrong_is_told_by_line_and_column(tmp_path: Path, row: str, column: str, words: str) -> None:
    found = read(csv(tmp_path, GOOD, row, GOOD.replace("s-1", "s-3")), units=KNOWN)
    [mistake] = found.mistakes
    assert (mistake.line, mistake.column) == (3, column) and words in mistake.said
    assert [it.staff_id for it in found.staff] == ["s-1", "s-3"]


def test_the_column_is_called_as_the_file_calls_it(tmp_path: Path) -> None:
    found = read(csv(tmp_path, "7,王芳,north,lots", header="工号,姓名,部门,权重"), units=KNOWN)
    assert [(it.line, it.column) for it in found.mistakes] == [(2, "权重")]


def test_where_nobody_knows_the_units_any_may_be_right(tmp_path: Path) -> None:
    assert len(bodies(read(csv(tmp_path, GOOD.replace("headquarters", "moon")), units=None))) == 1


@pytest.mark.parametrize(("content", "words"), [
    (b"", "staff_id"), (b"a,b\n1,2\n", "display_name"), (HEADER.encode(), "nobody"), (b"staff_id,display_name,unit,unit\n", "two columns"),
    (gzip.compress(HEADER.encode() * 99)[:60], "damaged"), (HEADER.encode("utf-16"), "neither UTF-8 nor GB18030"),
])  # fmt: skip
def test_a_file_that_is_none_is_one_sentence(tmp_path: Path, content: bytes, words: str) -> None:
    (tmp_path / "staff.csv").write_bytes(content)
    with pytest.raises(NoRoster) as caught:
        read(str(tmp_path / "staff.csv"), units=KNOWN)
    assert words in str(caught.value)


# -- what is published


def who(staff_id: str = "s-1", **facts: Any) -> StaffDeclared:
    return StaffDeclared.model_validate({"staff_id": staff_id, "display_name": "A", "unit": "north", "posts": [], "active": True} | facts)


def test_what_is_as_before_keeps_its_id_and_what_differs_has_a_new_one() -> None:
    known = {
        "s-1": Said(1, "/hr", "e-1", who("s-1")), "s-2": Said(1, "/hr", "e-2", who("s-2", display_name="B")), "s-3": Said(1),
        "s-4": Said(1, "/branch", "e-4", who("s-4")),
    }  # fmt: skip
    told = declarations([who(f"s-{n}") for n in range(1, 6)], known, leave_missing=False)
    assert [it.news for it in told] == [News.AS_BEFORE, News.CHANGED, News.NEW, News.CHANGED, News.NEW]
    assert told[0].id == "e-1" and not {"e-2", "e-4"} & {it.id for it in told}


def test_what_is_said_again_after_something_else_is_news() -> None:
    """An id made of what is said alone would be a repeat, and the second word would stand for ever."""
    [first] = declarations([who()], {}, leave_missing=False)
    [second] = declarations([who()], {"s-1": Said(2, "/hr", "e-2", who(roles=["specialist"]))}, leave_missing=False)
    assert first.id != second.id


def test_only_those_leave_whom_we_declared_and_who_are_here() -> None:
    known = {
        "s-1": Said(1, "/hr", "e-1", who("s-1", email="a@example.com", skills=[{"code": "steel", "level": 4}])), "s-2": Said(1),
        "s-3": Said(1, "/branch", "e-3", who("s-3")), "s-4": Said(1, "/hr", "e-4", who("s-4", active=False)), "s-5": Said(1, "/hr", "e-5", who("s-5")),
    }  # fmt: skip
    told = declarations([who("s-5")], known, leave_missing=True)
    assert [(it.event.staff_id, it.news) for it in told] == [("s-5", News.AS_BEFORE), ("s-1", News.LEFT)]
    assert json.loads(told[1].message().value or b"") == {
        "staff_id": "s-1",
        "display_name": "A",
        "unit": "north",
        "posts": [],
        "active": False,
    }


def test_of_two_partitions_the_later_record_holds() -> None:
    def said(at: int, name: str) -> Record:
        body = who(display_name=name).model_dump_json(exclude_none=True).encode()
        return Record(
            directory.TOPIC, 0, 1, at, b"s-1", body, headers_of(source="/hr", id=name, type="staff.declared.v1", time=directory.now())
        )

    known: dict[str, Said] = {}
    for record in (said(1, "a"), said(3, "c"), said(2, "b")):
        directory.keep(known, record)
    assert known["s-1"].id == "c"


# -- over Kafka


def rows(run: str, *numbers: int, **facts: str) -> list[str]:
    return [GOOD.replace("s-1", f"{run}-{n}").replace("李华", facts.get("name", "李华")) for n in numbers]


async def test_a_file_is_published_once_and_again_is_no_news(kafka: str, tmp_path: Path) -> None:
    run = str(uuid7())[-12:]
    async with watched(kafka, directory.TOPIC) as watch:

        def import_(*numbers: int, options: tuple[str, ...] = (), **facts: str) -> dict[str, int]:
            file = csv(tmp_path, *rows(run, *numbers, **facts))
            told = careloop("staff", "import", file, "--json", *options, CARELOOP_KAFKA=kafka, CARELOOP_RUN=str(tmp_path / "none"))
            assert told.returncode == 0, told.stderr
            return json.loads(told.stdout)

        async def ids() -> list[tuple[str, str]]:
            found = [it for it in await watch.read() if it.key.decode().startswith(run)]
            assert all(dict(it.headers)["ce_source"] == b"/hr" for it in found)
            return sorted((it.key.decode(), dict(it.headers)["ce_id"].decode()) for it in found)

        assert import_(1, 2, 3, options=("--dry-run",)) == {"new": 3, "changed": 0, "as_before": 0, "left": 0, "published": 0}
        assert await ids() == []
        assert import_(1, 2, 3) == {"new": 3, "changed": 0, "as_before": 0, "left": 0, "published": 3}
        first = await ids()
        assert import_(1, 2, 3)["as_before"] == 3
        assert await ids() == first
        assert import_(1, 2, name="李花")["changed"] == 2
        assert Counter(await ids()).keys().isdisjoint(first)
        assert import_(1, 2, name="李花", options=("--leave-missing",))["left"] >= 1
        left = [it for it in await directory_of(kafka, run) if not it.active]
        assert [(it.staff_id, it.email) for it in left] == [(f"{run}-3", None)]


async def test_what_is_published_is_what_the_directory_takes(kafka: str, databases: Any, tmp_path: Path) -> None:
    """Also what it parked: the same file is tried afresh, and what was handled is not handled twice."""
    run = str(uuid7())[-12:]
    file = csv(tmp_path, *rows(run, 1, 2), GOOD.replace("s-1", f"{run}-3").replace("headquarters", "north"))
    at_hand = {"units": UNITS}
    async with world(databases, service, circumstances=at_hand) as customers, watched(kafka, directory.TOPIC) as watch:

        async def import_() -> None:
            told = careloop("staff", "import", file, CARELOOP_KAFKA=kafka, CARELOOP_RUN=str(tmp_path / "none"))
            assert told.returncode == 0, told.stderr
            await customers.handle(*(it for it in await watch.read() if it.key.decode().startswith(run)))

        await import_()
        assert [it["id"] for it in await customers.rows("colleague", "id", "active ORDER BY id")] == [f"{run}-1", f"{run}-2"]
        [parked] = await customers.rows("parked")
        assert (parked["pointer"], parked["state"]) == ("/unit", "open")
        at_hand["units"] = UNITS.model_copy(update={"units": {**UNITS.units, "north": Unit()}})
        await import_()
        assert {it["id"]: it["version"] for it in await customers.rows("colleague")} == {f"{run}-{n}": 1 for n in (1, 2, 3)}
        assert [it["state"] for it in await customers.rows("parked")] == ["resent"]
        [handled] = await customers.rows("inbox", "count(*)")
        assert handled["count"] == 3


async def directory_of(kafka: str, run: str) -> list[StaffDeclared]:
    return [said.event for id, said in (await directory.read(kafka)).items() if id.startswith(run) and said.event]


async def test_nothing_is_published_while_a_row_is_wrong(kafka: str, tmp_path: Path) -> None:
    (tmp_path / "units.toml").write_text('default = "headquarters"\n[units.headquarters]\n')
    file = csv(tmp_path, GOOD, "s-2,,north,,,,,,,,", "s-3,A,headquarters,,janitor,,,,,,")
    async with watched(kafka, directory.TOPIC) as watch:
        told = careloop("staff", "import", file, "--config", str(tmp_path), CARELOOP_KAFKA=kafka)
        assert await watch.read() == []
    assert (told.returncode, told.stdout) == (1, "")
    assert [line.removeprefix(f"{file}:") for line in told.stderr.splitlines()] == [
        "3: display_name: It is required.", "3: unit: There is no such unit: it must be one of headquarters.",
        "4: roles: There is no such role: it must be one of admin, auditor, department, integration, leader, privacy_officer, reception, specialist, supervisor, viewer.",
        "2 of 3 rows are wrong; nothing was published.",
    ]  # fmt: skip


def test_a_withdrawal_is_published_like_any_event(tmp_path: Path) -> None:
    from deploy.feed.cloudevents import judge

    event = {
        "specversion": "1.0",
        "id": "1",
        "source": "/hr",
        "type": "staff.declared.v1",
        "time": "2026-01-05T10:00:00+08:00",
        "subject": "s-7",
    }
    told = judge("x", event, directory.now())
    assert told.problems == [] and isinstance(told.event, StaffWithdrawn)
    assert (told.message.key, told.message.value) == (b"s-7", None)
    assert "member of staff" in judge("x", event | {"subject": ""}, directory.now()).problems[-1].message
