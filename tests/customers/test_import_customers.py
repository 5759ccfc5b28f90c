"""Customers out of spreadsheets: what they become, and how that is taken back."""

import pytest

from shared.scope import Scope
from tests.apis import Api
from tests.customers.importing import An, bring, complaint_of, forget, read, undo
from tests.makers import declared, placed, record
from tests.rooms import World

ROW = {"id": "C-1", "display_name": "示例钢材", "contact_person": "李明", "phones": "021-55550100；13800000000", "emails": "li@example.com"}


async def files(customers: World) -> list[tuple[str, ...]]:
    found = await customers.rows("customer", "state, display_name, kind, source, phones", "true ORDER BY id")
    return [(it["state"], it["display_name"], it["kind"], it["source"], *it["phones"]) for it in found]


async def test_a_row_is_what_a_system_says_of_its_customer(customers: World) -> None:
    one = An(customers, "customers", [ROW, {"id": "C-2", "display_name": "NULL"}], system="crm")
    assert await one.run(dry=True) == ["created", "created"]
    assert await files(customers) == [] and await customers.announced() == []
    assert await one.run() == ["created", "created"]
    assert sorted(await files(customers)) == [
        ("registered", "NULL", "person", "/import/crm"),
        ("registered", "示例钢材", "company", "/import/crm", "+862155550100", "+8613800000000"),
    ]
    assert [name for name, _ in await customers.announced()] == ["customer.registered.v1", "contact.changed.v1"] * 2
    assert await customers.requested() == []
    assert await one.run() == ["skipped", "skipped"]  # it says nothing new
    assert len(await customers.announced()) == 4


@pytest.mark.parametrize(
    ("existing", "became", "name"),
    [("update", "updated", "新名"), ("skip", "skipped", "Example Steel"), ("fail", "failed", "Example Steel")],
)
async def test_what_is_there_already(customers: World, existing: str, became: str, name: str) -> None:
    told = declared(
        "erp/C-1", emails=["old@example.com"], consents=[{"purpose": "marketing", "channel": "sms", "granted_at": "2026-01-01T00:00:00Z"}]
    )
    await customers.handle(record("customer.declared.v1", told))
    one = An(customers, "customers", [{"id": "C-1", "display_name": "新名"}], existing=existing)
    assert await one.run() == [became]
    (file,) = await customers.rows("customer", "display_name, emails, kind")
    assert file == {"display_name": name, "emails": ["old@example.com"], "kind": "company"}  # for these the file has no column
    assert await customers.rows("consent", "ended_at") == [{"ended_at": None}]


async def test_an_empty_cell_of_a_column_takes_back(customers: World) -> None:
    await An(customers, "customers", [ROW]).run()
    assert await An(customers, "customers", [{**ROW, "phones": None}]).run() == ["updated"]
    assert (await customers.rows("customer", "phones, emails"))[0] == {"phones": [], "emails": ["li@example.com"]}


async def test_rows_that_cannot_be_taken_say_why(customers: World) -> None:
    await customers.handle(record("customer.declared.v1", declared("shop/7")))
    await customers.handle(record("customer.declared.v1", declared("erp/C-9", orgunit="overseas")))
    rows = [
        {"id": "C-1", "display_name": "甲", "unit": "nowhere"},
        {"id": "C-2", "display_name": "乙", "references": "shop/7"},
        {"id": "C-9", "display_name": "丙"},
        {"id": "C-4", "display_name": "丁", "references": "crm/1"},
        {"id": "C-5", "display_name": "戊", "references": "crm/1"},
    ]
    one = An(customers, "customers", rows, scope=Scope(("headquarters",), frozenset({"headquarters"})))
    assert await one.run() == ["failed", "failed", "failed", "created", "failed"]
    claimed = "Another declaration claims this reference for another customer, and it came first."
    assert one.reasons() == [
        [("unit", "The company has no such unit, or you do not see it.")],
        [("references", claimed)],
        [("id", "The customer of this id is none that you see.")],
        [],
        [("references", claimed)],
    ]
    assert all(it.reasons[0].fix for it in one.verdicts if it.reasons)


def test_cells_that_mean_nothing_say_what_to_write() -> None:
    assert complaint_of("customers", "kind", "外星人") == (
        "This word is not known here.",
        "Write one of person, company, or say in `values` which of them this word stands for.",
    )
    assert complaint_of("customers", "language", "火星文") == ("It is no language.", "Write its tag: zh-CN, en.")
    assert complaint_of("customers", "time_zone", "Mars") == (
        "It is no time zone of the IANA database.",
        "Write its name there: Asia/Shanghai.",
    )
    assert complaint_of("customers", "references", "7")[1] == "Write the system, a slash and the customer's id in it: shop/10023."
    assert "U+0000" in complaint_of("customers", "display_name", "李\0明")[0]
    assert read("customers", {"display_name": "NULL", "kind": "企业", "language": "中文"}) == {
        "display_name": "NULL",
        "kind": "company",
        "language": "zh-CN",
    }


async def test_undone_is_as_if_it_had_never_been(customers: World) -> None:
    await customers.handle(record("customer.declared.v1", declared("erp/C-1", phones=["+8613900000000"])))
    await customers.handle(record("order.placed.v1", placed(reference="erp/C-2")))
    before = await customers.rows("customer", "id, state, display_name, phones, emails, names, unit", "true ORDER BY id")
    claims = await customers.rows("claim", "*", "true ORDER BY reference")
    rows = [ROW, {"id": "C-2", "display_name": "乙"}, {"id": "C-3", "display_name": "丙"}, {"id": "C-4", "display_name": "丁"}]
    one = An(customers, "customers", rows)
    assert await one.run() == ["updated", "created", "created", "created"]
    await customers.handle(record("customer.declared.v1", declared("erp/C-4", display_name="由系统说")))
    await customers.pool.execute("DELETE FROM outbox")
    assert await one.run("undo") == ["undone", "undone", "undone", "kept"]
    assert (
        one.verdicts
        and await customers.rows(
            "customer", "id, state, display_name, phones, emails, names, unit", "display_name IS DISTINCT FROM '由系统说' ORDER BY id"
        )
        == before
    )
    assert await customers.rows("claim", "*", "reference <> 'erp/C-4' ORDER BY reference") == claims
    told = {body["customer_id"]: body for name, body in await customers.announced() if name == "contact.changed.v1" and body}
    assert sorted((it["standing"], it["phones"]) for it in told.values()) == [
        ("declared", ["+8613900000000"]),
        ("provisional", []),
        ("provisional", []),
    ]


async def test_two_customers_of_whom_a_file_said_that_they_are_one_stay_one(customers: World) -> None:
    await customers.handle(record("order.placed.v1", placed(reference="shop/7")))
    one = An(customers, "customers", [{**ROW, "references": "shop/7"}])
    assert await one.run() == ["created"]
    assert await one.run("undo") == ["undone"]
    survivor, other = await customers.rows("customer", "id, state, display_name, phones, redirected_to", "true ORDER BY state")
    assert (survivor["state"], survivor["display_name"], survivor["phones"]) == ("provisional", None, [])
    assert other["redirected_to"] == survivor["id"]
    assert [it["customer_id"] for it in await customers.rows("claim")] == [survivor["id"]] * 2


async def test_whoever_was_erased_is_not_taken_in_again(customers: World) -> None:
    await An(customers, "customers", [ROW]).run()
    await forget(customers, "erp/C-1")
    one = An(customers, "customers", [ROW, {**ROW, "id": "C-2", "references": "erp/C-1"}])
    for dry in (True, False):
        assert await one.run(dry=dry) == ["failed", "failed"]
    said = "This customer was erased, and nothing may be kept of them."
    assert one.reasons() == [[("id", said)], [("references", said)]]
    assert await customers.rows("claim") == []


async def test_a_file_of_customers_comes_in_and_goes_as_a_whole(customers: World, api: Api) -> None:
    told = "客户编号,客户名称,联系人,手机,邮箱,客户类型\nC-1,示例钢材,李明,13800000000 021-55550100,li@example.com,\nC-2,NULL,,12,nobody,外星人\nC-3,丙,,,,\n"
    done = await bring(customers, api, "customers", b"\xef\xbb\xbf" + told.encode(), system="erp")
    assert (done["state"], done["created"], done["failed"], done["unused"]) == ("done", 2, 1, [])
    (row,) = (await api.get(f"/v1/imports/{done['id']}/rows?state=failed"))["items"]
    assert [why["column"] for why in row["reasons"]] == ["客户类型", "手机", "邮箱"] and all(why["fix"] for why in row["reasons"])
    assert (await api.get("/v1/customers/by-reference/erp/C-1"))["source"] == "/import/erp"
    back = await undo(customers, api, done)
    assert (back["state"], back["undone"]) == ("reversed", 2)
    assert await customers.rows("customer") == [] and await customers.rows("claim") == []
