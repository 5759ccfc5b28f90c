"""Spreadsheets of customers and orders on their way in: what is told of them, and what becomes of them whoever dies meanwhile."""

import asyncio
import io
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest
import python_calamine
from starlette.requests import ClientDisconnect

from services.customers.app import service
from services.customers.jobs.importing_customers import CUSTOMERS
from shared.clock import now
from shared.ids import customer_of
from shared.imports import forgetting, judging
from tests.apis import Api
from tests.importing import Importing, as_csv
from tests.rooms import World
from tests.shared.an_api import token

LI = {"客户编号": "C-1", "客户名称": "李明", "电话": "13800138000；021-55550100", "备注": "老客户"}
WANG = {"客户编号": "1E5", "客户名称": "NULL", "电话": "", "备注": ""}
MANY = [{"客户编号": f"C-{n}", "客户名称": f"客户{n}"} for n in range(7)]


@pytest.fixture
def importing(api: Api, customers: World) -> Importing:
    return Importing(api, customers, service)


@pytest.fixture
def by_two(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(judging, "AT_ONCE", 2)


async def names(world: World) -> set[str]:
    return {row["display_name"] for row in await world.rows("customer", "display_name", "display_name IS NOT NULL")}


async def test_a_spreadsheet_comes_in_and_is_understood_by_its_headings(importing: Importing, customers: World) -> None:
    it = await importing.come("customers", as_csv([LI, WANG], "gb18030", ";"), system="crm")
    assert (it["state"], it["rows"], it["created"], it["failed"], it["unused"]) == ("done", 2, 2, 0, ["备注"])
    assert it["mapping"] == {"id": ["客户编号"], "display_name": ["客户名称"], "phones": ["电话"]}
    assert (await importing.api.get("/v1/customers/by-reference/crm/1E5"))["display_name"] == "NULL"
    assert await customers.rows("stored_piece") == []
    assert [row["raw"] for row in await customers.rows("import_row")] == [None, None]
    trail = await customers.rows("audit", "action, facts", "about = $1 ORDER BY seq", f"import:{it['id']}")
    assert [(line["action"], line["facts"].get("created")) for line in trail] == [("import.begun", None), ("import.applied", 2)]


async def test_each_bad_row_says_what_is_wrong_and_what_to_write_instead(importing: Importing) -> None:
    rows = [
        LI, LI | {"电话": "83657688"}, LI | {"客户编号": "", "客户名称": "赵"}, LI | {"客户编号": "1.00023E+11"}, LI | {"客户名称": "a\0b", "客户编号": "C-9"}, LI,
    ]  # fmt: skip
    it = await importing.come("customers", as_csv(rows) + b"C-8,short\n", system="crm")
    assert (it["state"], it["created"], it["failed"]) == ("done", 1, 6)
    told = [
        (row["number"], *((why["column"], why["message"]) for why in row["reasons"]))
        for row in await importing.rows(it["id"], "?state=failed")
    ]
    assert told == [
        (3, ("电话", "The telephone number has no area code.")),
        (4, ("客户编号", "It is empty, and every row needs it.")),
        (5, ("客户编号", "A spreadsheet took this id for a number and has lost its end.")),
        (6, ("客户名称", "It contains the character U+0000, which can't be kept.")),
        (7, (None, "Row 2 is about the same.")),
        (8, (None, "The row has 2 cells, and there are 4 headings.")),
    ]
    assert all(why["fix"] for row in await importing.rows(it["id"], "?state=failed") for why in row["reasons"])
    chinese = await importing.api.ask("GET", f"/v1/imports/{it['id']}/rows?state=failed&limit=1", Accept_Language="zh-CN")
    assert "区号" in chinese.json()["items"][0]["reasons"][0]["message"]
    kinds = (await importing.api.ask("GET", "/v1/import-kinds", Accept_Language="zh-CN")).json()["kinds"]
    assert [field["means"] for kind in kinds for field in kind["fields"] if field["means"].isascii()] == []


async def test_failed_rows_are_mended_in_a_file_and_sent_again(importing: Importing, customers: World) -> None:
    it = await importing.come("customers", as_csv([LI, LI | {"客户编号": "007", "电话": "83657688"}]), system="crm")
    found = {}
    for format in ("xlsx", "csv"):
        answer = await importing.api.ask("GET", f"/v1/imports/{it['id']}/corrections?format={format}")
        assert answer.status_code == 200, answer.text
        found[format] = answer.content
    sheet = python_calamine.load_workbook(io.BytesIO(found["xlsx"])).get_sheet_by_index(0).to_python()
    assert sheet[0] == ["行号", "问题", *LI]
    assert sheet[1][:1] + sheet[1][2:] == ["3", "007", "李明", "83657688", "老客户"]
    same = await importing.come("customers", found["xlsx"], system="crm", dry_run=True)
    assert (same["rows"], same["failed"], same["unused"]) == (1, 1, ["备注"])
    mended = found["csv"].replace(b",83657688,", b",010-83657688,")
    again = await importing.come("customers", mended, system="crm")
    assert (again["state"], again["created"], again["unused"]) == ("done", 1, ["备注"])
    assert (await customers.rows("audit", "facts", "action = 'import.corrections' AND about = $1", f"import:{it['id']}"))[0]["facts"][
        "rows"
    ] == 1
    template = await importing.api.ask("GET", "/v1/import-templates/customers?format=csv")
    assert template.text.lstrip("\ufeff").startswith("客户编号（必填）")
    assert (await importing.come("customers", template.content, system="crm", dry_run=True))["created"] == 1


async def test_what_is_not_clear_is_asked_once_and_remembered(importing: Importing) -> None:
    rows = [{"No": "O-1", "客户编号": "C-1", "下单时间": "1/2/2025"}, {"No": "O-2", "客户编号": "C-1", "下单时间": "13/2/2025"}]
    it = await importing.come("orders", as_csv(rows), system="erp")
    assert (it["state"], [q["field"] for q in it["questions"]], it["unused"]) == ("mapping_needed", ["order_id"], ["No"])
    it = await importing.step(it["id"], "mapping", {"columns": {"order_id": "NO "}})
    assert (it["state"], [q["field"] for q in it["questions"]]) == ("mapping_needed", ["placed_at"])
    assert "下单时间" in it["questions"][0]["message"]
    wrong = await importing.step(it["id"], "mapping", {"columns": {"nothing": "No"}}, status=422)
    assert wrong["field"] == "/columns/nothing"
    it = await importing.step(it["id"], "mapping", {"formats": {"placed_at": "DD/MM/YYYY"}})
    assert (it["state"], it["created"], it["failed"]) == ("done", 2, 0)
    again = await importing.come("orders", as_csv([row | {"No": f"{row['No']}-2"} for row in rows]), system="erp")
    assert (again["state"], again["created"]) == ("done", 2)


async def test_what_is_not_clear_is_asked_before_the_first_row_comes_in(importing: Importing, customers: World, by_two: None) -> None:
    rows = [
        {"订单编号": f"O-{n}", "客户编号": "C-1", "下单时间": it}
        for n, it in enumerate(["2025-02-01", "bad", "2025-02-03", "2025-02-04", "1/2/2025"])
    ]
    it = await importing.come("orders", as_csv(rows), system="erp")
    assert (it["state"], [q["field"] for q in it["questions"]], it["applied"]) == ("mapping_needed", ["placed_at"], 0)
    assert await customers.rows("orders") == []
    it = await importing.step(it["id"], "mapping", {"formats": {"placed_at": "DD/MM/YYYY"}})
    assert (it["state"], it["checked"], it["created"], it["failed"]) == ("done", 5, 4, 1)


async def test_a_dry_run_changes_nothing_and_can_be_applied_later(
    importing: Importing, customers: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    take = CUSTOMERS.take

    async def careless(chunk: Any) -> None:
        await take(chunk)
        if chunk.dry:
            await chunk.connection.execute("UPDATE import SET system = 'elsewhere' WHERE id = $1", chunk.import_id)

    monkeypatch.setattr(CUSTOMERS, "take", careless)
    it = await importing.come("customers", as_csv([LI]), system="crm", dry_run=True)
    assert (it["state"], it["system"], it["created"], it["applied"], await names(customers)) == ("checked", "crm", 1, 0, set())
    assert await customers.announced() == []
    it = await importing.step(it["id"], "application")
    assert (it["state"], it["created"], it["applied"], await names(customers)) == ("done", 1, 1, {"李明"})
    refused = await importing.step(it["id"], "application", status=409)
    assert refused["allowed"] == ["reversal"]


async def test_all_or_nothing(importing: Importing, customers: World, monkeypatch: pytest.MonkeyPatch, by_two: None) -> None:
    it = await importing.come("customers", as_csv([LI, WANG | {"电话": "1"}]), system="crm", whole=True)
    assert (it["state"], it["failed"], await names(customers)) == ("checked", 1, set())
    assert (await importing.step(it["id"], "application", status=409))["fix"]
    take = CUSTOMERS.take

    async def grudgingly(chunk: Any) -> None:
        """Somebody changed something between the check and the application."""
        await take(chunk)
        if not chunk.dry and chunk.rows[-1].number > 5:
            chunk.failed(chunk.rows[-1], "id", "No more.", "Mend it.")

    monkeypatch.setattr(CUSTOMERS, "take", grudgingly)
    it = await importing.come("customers", as_csv(MANY), system="crm", whole=True)
    assert (it["state"], it["undone"], it["failed"], await names(customers)) == ("reversed", 4, 1, set())
    assert [row["number"] for row in await importing.rows(it["id"], "?state=failed")] == [7]


async def test_what_was_imported_is_taken_back_but_for_what_somebody_has_worked_on(
    importing: Importing, customers: World, by_two: None
) -> None:
    it = await importing.come("customers", as_csv(MANY), system="crm")
    told = {"kind": "person", "display_name": "客户零"}
    assert (await importing.api.ask("PUT", "/v1/customers/by-reference/crm/C-0", told)).status_code == 200
    it = await importing.step(it["id"], "reversal")
    assert (it["state"], it["kept"], it["undone"], len(await names(customers))) == ("done", 0, 0, 7)
    assert "worked on 1 of the things" in it["questions"][0]["message"]
    it = await importing.step(it["id"], "reversal", {"keep_changed": True})
    assert (it["state"], it["kept"], it["undone"], await names(customers)) == ("reversed", 1, 6, {"客户零"})
    assert [row["number"] for row in await importing.rows(it["id"], "?state=kept")] == [2]


async def test_whoever_dies_another_goes_on(importing: Importing, customers: World, monkeypatch: pytest.MonkeyPatch, by_two: None) -> None:
    take, deaths = CUSTOMERS.take, [4, 6]

    async def mortal(chunk: Any) -> None:
        await take(chunk)
        if deaths and chunk.rows[0].number >= deaths[0]:
            deaths.pop(0)
            raise asyncio.CancelledError

    monkeypatch.setattr(CUSTOMERS, "take", mortal)
    id = await importing.begin("customers", system="crm")
    await importing.send(id, as_csv(MANY))
    for _ in range(3):
        try:
            await importing.work()
        except asyncio.CancelledError:
            continue
    it = await importing.at(id)
    assert (it["state"], it["checked"], it["applied"], it["created"], deaths) == ("done", 7, 7, 7, [])
    assert len(await names(customers)) == 7


async def test_a_fault_of_ours_stops_the_import_and_not_the_worker(
    importing: Importing, customers: World, monkeypatch: pytest.MonkeyPatch, by_two: None
) -> None:
    take = CUSTOMERS.take

    async def broken(chunk: Any) -> None:
        await take(chunk)
        if not chunk.dry and chunk.rows[0].number > 2:
            raise KeyError("ours")

    monkeypatch.setattr(CUSTOMERS, "take", broken)
    it = await importing.come("customers", as_csv(MANY), system="crm")
    assert (it["state"], it["applied"], it["allowed"], len(await names(customers))) == ("failed", 2, ["reversal"], 2)
    it = await importing.step(it["id"], "reversal")
    assert (it["state"], it["undone"], await names(customers)) == ("reversed", 2, set())


async def test_two_workers_and_two_imports(importing: Importing, customers: World, by_two: None) -> None:
    ids = [await importing.begin("customers", system=system) for system in ("crm", "erp")]
    for id in ids:
        await importing.send(id, as_csv([*MANY, MANY[0]]))
    await asyncio.gather(importing.work(), importing.work())
    await importing.work()
    found = [await importing.at(id) for id in ids]
    assert [(it["state"], it["created"], it["failed"]) for it in found] == [("done", 7, 1), ("done", 7, 1)]
    (again,) = await importing.rows(ids[0], "?state=failed")
    assert (again["number"], again["reasons"][0]["message"]) == (9, "Row 2 is about the same.")
    assert len(await customers.rows("claim")) == 14


async def test_a_file_is_sent_anew_or_called_off_and_no_other_body_is_that_large(importing: Importing, customers: World) -> None:
    id = await importing.begin("customers", system="crm")
    await importing.send(id, as_csv([LI] * 20_000))  # 1 MiB: three pieces
    assert (await customers.rows("stored_piece", "count(*)"))[0]["count"] >= 2
    await importing.send(id, as_csv([LI]))
    await importing.work()
    it = await importing.at(id)
    assert (it["state"], it["rows"], await customers.rows("stored_piece")) == ("done", 1, [])
    await importing.send(id, as_csv([LI]), status=409)
    other = await importing.begin("customers", system="crm")
    empty = await importing.send(other, b"", status=422)
    assert empty.json()["fix"]

    async def broken_off() -> AsyncIterator[bytes]:
        yield b"x" * 600_000
        raise ClientDisconnect

    with pytest.raises(AssertionError):  # there is no answer
        await importing.api.client.put(
            f"/v1/imports/{other}/file", content=broken_off(), headers={"Authorization": f"Bearer {token('admin')}"}
        )
    assert (await importing.at(other))["state"] == "awaiting_file"
    assert (await importing.step(other, "cancellation"))["state"] == "cancelled"
    assert await customers.rows("stored_piece") == []
    headers = {"Authorization": f"Bearer {token('admin')}", "Content-Length": str(65 * 2**20)}
    assert (await importing.api.client.put(f"/v1/imports/{other}/file", content=b"", headers=headers)).status_code == 413
    assert (await importing.api.ask("POST", "/v1/imports", {"kind": "x" * 300_000})).status_code == 413


async def test_a_file_that_is_none_says_so(importing: Importing) -> None:
    it = await importing.come("customers", b"%PDF-1.7", system="crm")
    assert (it["state"], it["questions"][0]["message"], it["allowed"]) == ("failed", "It is a PDF, not a spreadsheet.", [])
    refused = await importing.api.ask("POST", "/v1/imports", {"kind": "customers"})
    assert (refused.status_code, refused.json()["field"]) == (422, "/system")
    assert "customers, orders" in (await importing.api.ask("POST", "/v1/imports", {"kind": "dogs"})).json()["detail"]


async def test_nobody_sees_or_touches_what_is_another_units(importing: Importing, customers: World) -> None:
    it = await importing.come("customers", as_csv([LI]), system="crm", dry_run=True)
    elsewhere = {"Authorization": f"Bearer {token('admin', units=['overseas'])}"}
    assert (await importing.api.client.get(f"/v1/imports/{it['id']}", headers=elsewhere)).status_code == 404
    assert (await importing.api.client.put(f"/v1/imports/{it['id']}/file", content=b"x", headers=elsewhere)).status_code == 404
    assert (await importing.api.client.get("/v1/imports", headers=elsewhere)).json()["items"] == []
    assert (await importing.api.client.get("/v1/imports?format=csv", headers=elsewhere)).text.count("\n") == 1
    foreign = {"kind": "customers", "system": "crm", "unit": "headquarters"}
    assert (await importing.api.client.post("/v1/imports", json=foreign, headers=elsewhere)).json()["field"] == "/unit"


async def test_through_anothers_import_nobody_does_what_their_own_could_not_and_who_asked_is_written_down(
    importing: Importing, customers: World
) -> None:
    wide = await importing.come(
        "customers", as_csv([LI | {"所属部门": ""}, MANY[2] | {"所属部门": "overseas"}]), system="crm", dry_run=True
    )
    narrow = {"Authorization": f"Bearer {token('admin', units=['headquarters'], sub='s-2')}", "If-Match": "*"}
    client, place = importing.api.client, f"/v1/imports/{wide['id']}"
    assert (await client.get(place, headers=narrow)).status_code == 200  # it is filed with their unit
    asked = [await client.post(f"{place}/{step}", json={}, headers=narrow) for step in ("mapping", "application", "reversal")]
    asked += [await client.put(f"{place}/file", content=b"x", headers=narrow), await client.get(f"{place}/corrections", headers=narrow)]
    assert [(it.status_code, it.json()["detail"]) for it in asked] == [(403, "It may be about units that you do not see.")] * 5
    await importing.step(wide["id"], "application")
    others = {"Authorization": f"Bearer {token('admin', sub='s-9')}"}
    assert (await client.post(f"{place}/reversal", json={}, headers=others)).status_code == 200
    await importing.work()
    trail = await customers.rows("audit", "action, by", "about = $1 ORDER BY seq", f"import:{wide['id']}")
    assert [(line["action"], line["by"]) for line in trail] == [
        ("import.begun", "s-1"), ("import.application", "s-1"), ("import.applied", "s-1"), ("import.reversal", "s-9"), ("import.reversed", "s-1"),
    ]  # fmt: skip


async def test_nobody_waits_behind_an_undoing_that_waits_for_a_long_report(importing: Importing, customers: World) -> None:
    it = await importing.come("customers", as_csv([LI]), system="crm")
    async with asyncio.timeout(30), customers.pool.acquire() as report, report.transaction():
        await report.fetchval("SELECT count(*) FROM claim")
        assert (await importing.step(it["id"], "reversal"))["state"] == "reversing"
        await customers.rows("claim")
    await importing.work()
    assert (await importing.at(it["id"]))["state"] == "reversed" and await names(customers) == set()


async def test_what_rows_said_goes_with_whom_they_are_about_and_after_thirty_days(importing: Importing, customers: World) -> None:
    rows = [LI, WANG | {"客户编号": ""}, MANY[3]]
    it = await importing.come("customers", as_csv(rows), system="crm", dry_run=True)
    traces = {trace.name: trace for trace in forgetting.TRACES}
    async with customers.pool.acquire() as connection:
        about = forgetting.Round(connection, [customer_of("crm/C-1")], [], now())
        assert (await traces["imports"].take(about), await traces["imports"].take(about)) == (1, 0)
        assert (await traces["unread_imports"].take(about), await traces["unread_imports"].take(about)) == (1, 0)
    kept = [row["number"] for row in await customers.rows("import_row", "number", "raw IS NOT NULL")]
    assert kept == [4]
    it = await importing.step(it["id"], "application")
    assert (it["created"], it["failed"], await names(customers)) == (1, 2, {"客户3"})
    await customers.pool.execute("UPDATE import SET asked_at = asked_at - $1::interval", timedelta(days=31))
    while await forgetting.JOB.run(importing.means):
        pass
    assert await customers.rows("import_row") == []
    assert (await importing.step(it["id"], "reversal", status=409))["detail"].startswith("What its rows said")
