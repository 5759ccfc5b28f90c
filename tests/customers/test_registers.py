"""The registers of the customer file as tables, through the real API: the same rows and values as the JSON list, whoever asks."""

import csv
import io
from typing import Any

import httpx
import openpyxl

from shared.ids import customer_of
from tests.apis import Api
from tests.makers import declared, placed, record
from tests.rooms import World
from tests.shared.an_api import token

IDS = ["1E5", "00123", "98765432109876543210", "2026-01-05"]
NAMES = ["=HYPERLINK(1)", "龘𠮷钢铁 😀", " @SUM(A1)", 'Example "Steel", Ltd.']


async def table(api: Api, path: str, *, role: str = "supervisor", unit: str = "*", **headers: str) -> httpx.Response:
    told = {"Authorization": f"Bearer {token(role, units=[unit])}"} | {name.replace("_", "-"): it for name, it in headers.items()}
    return await api.client.get(path, headers=told)


def in_csv(answer: httpx.Response, encoding: str = "utf-8-sig") -> list[dict[str, str]]:
    assert answer.status_code == 200, answer.text
    return [*csv.DictReader(io.StringIO(answer.content.decode(encoding), newline=""))]


def in_xlsx(answer: httpx.Response) -> list[dict[str, Any]]:
    assert answer.status_code == 200, answer.text
    headings, *rows = openpyxl.load_workbook(io.BytesIO(answer.content)).active.iter_rows(values_only=True)
    return [dict(zip(headings, row, strict=True)) for row in rows]


async def test_json_csv_and_xlsx_tell_the_same(api: Api, customers: World) -> None:
    await customers.handle(
        *(record("order.placed.v1", placed(it), source="/erp", unit="headquarters") for it in IDS),
        *(record("customer.declared.v1", declared(f"erp/C-{n}", display_name=it, phones=["+8613800138000"])) for n, it in enumerate(NAMES)),
        record("customer.declared.v1", declared("erp/C-9", orgunit="overseas", display_name="Abroad")),
    )
    listed = (await table(api, "/v1/customers?unit=headquarters&limit=200")).json()["items"]
    assert {it["display_name"] for it in listed} >= {*NAMES}
    read = in_csv(await table(api, "/v1/customers?unit=headquarters&headings=names", accept="text/csv"))
    assert [it["id"] for it in read] == [it["id"] for it in listed], "in the order of the list"
    assert {it["display_name"] for it in read} >= {"'=HYPERLINK(1)", NAMES[1], "' @SUM(A1)", NAMES[3]}
    assert {it["phones"] for it in read} == {"'+86 138****8000"}, "masked as in the list"
    assert {it["references"] for it in read} >= {"erp/C-0", "erp/C-3"}
    gb = in_csv(await table(api, "/v1/customers?unit=headquarters&format=csv&encoding=gb18030"), "gb18030")
    assert [it["客户名称"] for it in gb] == [it["display_name"] for it in read]
    sheet = in_xlsx(await table(api, "/v1/customers?unit=headquarters&format=xlsx"))
    assert [it["客户名称"] for it in sheet] == [it["display_name"] for it in listed]
    assert in_xlsx(await table(api, "/v1/customers?state=redirected&format=xlsx")) == []


async def test_ids_are_text_money_is_a_number_and_times_are_the_units(api: Api, customers: World) -> None:
    await customers.handle(*(record("order.placed.v1", placed(it), source="/erp", unit="overseas") for it in IDS))
    listed = (await table(api, "/v1/orders")).json()["items"]
    read = in_xlsx(await table(api, "/v1/orders?format=xlsx"))
    assert [it["订单编号"] for it in read] == [it["order_id"] for it in listed] and {it["订单编号"] for it in read} == {*IDS}
    assert {(it["订单金额"], it["币种"], it["是否已送达"]) for it in read} == {(1234.5, "CNY", "否")}
    placed_at = {str(it["下单时间"]) for it in read}
    assert placed_at == {it["下单时间"] for it in in_csv(await table(api, "/v1/orders?format=csv"))} and len(placed_at) == 1
    assert listed[0]["placed_at"] == "2026-01-05T02:00:00Z" and placed_at == {"2026-01-05 03:00:00"}, "in Berlin it is an hour later"


async def test_a_table_shows_no_more_than_the_list_and_leaves_a_line(api: Api, customers: World) -> None:
    await customers.handle(
        record("customer.declared.v1", declared("erp/C-1", orgunit="headquarters")),
        record("customer.declared.v1", declared("erp/C-2", orgunit="overseas")),
    )
    mine = in_csv(await table(api, "/v1/customers?format=csv&kind=company", unit="overseas"))
    assert [it["客户编号"] for it in mine] == [str(customer_of("erp/C-2"))]
    lines = await customers.rows("audit", "about, unit, facts::text", "action = 'register.exported' ORDER BY seq DESC LIMIT 1")
    (line,) = lines
    assert (line["about"], line["unit"]) == ("register:customers", "overseas")
    assert line["facts"] == '{"rows": 1, "format": "csv", "filters": ["kind"]}'
    theirs = f"/v1/customers/{customer_of('erp/C-1')}/consents?format=csv"
    assert (await table(api, theirs, unit="overseas")).status_code == 404, "of whom they don't see they see nothing"
    assert in_csv(await table(api, theirs, unit="headquarters")) == []
    assert (await table(api, "/v1/erasures?format=csv", role="specialist")).status_code == 403
    wrong = await table(api, "/v1/customers?format=csv&kind=robot")
    assert (wrong.status_code, wrong.json()["field"]) == (422, "kind"), "before a process is begun"


async def test_the_document_shows_the_tables(api: Api) -> None:
    told = (await table(api, "/openapi.json")).json()["paths"]["/v1/customers"]["get"]
    assert {it["name"] for it in told["parameters"]} >= {"format", "encoding", "headings", "kind"}
    assert {*told["responses"]["200"]["content"]} == {
        "application/json",
        "text/csv",
        "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    }
    assert "406" in told["responses"]
