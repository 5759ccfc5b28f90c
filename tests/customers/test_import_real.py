"""Files that other organisations keep, taken in whole through the API and the import's own work: the totals that their columns have."""

import csv
import gzip
import io
import os
import tomllib
from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from tests.apis import Api
from tests.customers.importing import bring
from tests.rooms import World

HERE = Path(__file__).parent
DATA = Path(os.environ.get("CARELOOP_DATA") or HERE.parents[2] / "shared" / "data")
MAPS = {it.stem: tomllib.loads(it.read_text()) for it in (HERE / "maps").glob("*.toml")}
NAMES = (
    "Last Name",
    "org:resource",
    "review_comment_message",
    "Customer Complaint",
    "Company",
)  # columns of bad-inputs whose values are words


def raw(name: str) -> bytes:
    file = DATA / f"{name}.csv.gz"
    if not file.exists():
        pytest.skip(f"{name} is not beside the repository: set CARELOOP_DATA to the folder that has it")
    return gzip.decompress(file.read_bytes())


def rows_of(name: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(raw(name).decode())))


def written(headings: Sequence[str], rows: Iterator[Sequence[str]]) -> bytes:
    out = io.StringIO()
    csv.writer(out).writerows([headings, *rows])
    return out.getvalue().encode()


async def every(api: Api, path: str) -> list[dict[str, Any]]:
    """A register to its end."""
    found, cursor = [], ""
    while True:
        page = await api.get(f"{path}{'&' if '?' in path else '?'}limit=200{cursor}")
        found += page["items"]
        if not page["next"]:
            return found
        cursor = f"&cursor={page['next']}"


async def total(api: Api, path: str, **filters: str) -> int:
    asked = "&".join(f"{name}={value}" for name, value in {"count": "true", "limit": "1", **filters}.items())
    return int((await api.get(f"{path}?{asked}"))["total"])


async def test_a_shop_s_orders_come_in_whole(customers: World, api: Api) -> None:
    """The rows `orders-olist` of TOTALS.md, out of the registers."""
    done = await bring(customers, api, "orders", raw("orders-olist"), system="shop", **MAPS["orders-olist"])
    assert (done["state"], done["rows"], done["created"], done["failed"]) == ("done", 4448, 4448, 0)
    assert {"customer_id", "_first_category_en"} <= {*done["unused"]}
    assert await total(api, "/v1/orders") == await total(api, "/v1/orders", source="/import/shop") == 4448
    assert await total(api, "/v1/customers") == await total(api, "/v1/customers", state="provisional") == 4409
    states = {
        state: await total(api, "/v1/orders", state=state) for state in ("delivered", "shipped", "cancelled", "in_production", "confirmed")
    }
    assert states == {"delivered": 4316, "shipped": 56, "cancelled": 30 + 22, "in_production": 10, "confirmed": 13 + 1}
    assert await total(api, "/v1/orders", delivered="true") == 4316
    orders = await every(api, "/v1/orders")
    assert sum(it["confirmed_at"] is not None for it in orders) == 4439
    assert sum(it["shipped_at"] is not None for it in orders) == 4376
    assert sum(it["delivered_at"] is not None for it in orders) == 4316
    assert sum(bool(it["shipped_at"]) and not it["delivered_at"] for it in orders) == 60
    assert sum((it["delivered_at"] or "")[:10] > it["promised_delivery_until"] for it in orders) == 287
    assert (
        sum(bool(it["shipped_at"] and it["confirmed_at"]) and moment(it["shipped_at"]) < moment(it["confirmed_at"]) for it in orders) == 56
    )
    assert sum(bool(it["delivered_at"]) and not it["confirmed_at"] for it in orders) == 3
    assert Counter(it["placed_at"][:10] for it in orders).most_common(1) == [("2017-11-24", 55)]
    moments = sorted(
        moment(at) for it in orders for name in ("placed_at", "confirmed_at", "shipped_at", "delivered_at") if (at := it[name])
    )
    assert (moments[0], moments[-1]) == (datetime(2016, 10, 4, 13, 15, 52, tzinfo=UTC), datetime(2018, 9, 13, 19, 24, 35, tzinfo=UTC))
    assert await customers.announced() == [] and await customers.requested() == [] and await customers.rows("task") == []


def moment(told: str) -> datetime:
    return datetime.fromisoformat(told)


async def test_businesses_with_several_numbers_in_a_cell_come_in_whole(customers: World, api: Api) -> None:
    rows = rows_of("zh-business-crosswoz")
    file = written(["客户编号", *rows[0]], ([f"B-{n}", *row.values()] for n, row in enumerate(rows)))
    done = await bring(customers, api, "customers", file, system="guide", **MAPS["zh-business"])
    assert (done["state"], done["created"], done["failed"]) == ("done", 833, 0)
    kept = await customers.rows("customer", "names, display_name, phones, business_scope")
    assert sorted(it["display_name"] for it in kept) == sorted(row["名称"].strip() for row in rows)
    assert Counter(it["business_scope"] for it in kept) == {"酒店": 365, "餐馆": 322, "景点": 146}
    assert sum(len(it["phones"]) > 1 for it in kept) == 91 and all(it["phones"] for it in kept)


async def test_awkward_words_survive(customers: World, api: Api) -> None:
    """A surname is NULL, an agent is a dash, a remark has line breaks and characters of four bytes; only spaces are nothing."""
    words = [it["value"] for it in rows_of("bad-inputs") if it["column"] in NAMES] + [it["value"] for it in rows_of("zh-names")[::40]]
    assert "NULL" in words
    file = written(["id", "name"], ([str(n), word] for n, word in enumerate(words)))
    done = await bring(customers, api, "customers", file, system="crm")
    blank = [word for word in words if not word.strip()]
    assert (done["state"], done["created"], done["failed"]) == ("done", len(words) - len(blank), len(blank))
    kept = {row["names"].popitem()[0]: row["display_name"] for row in await customers.rows("customer", "names, display_name")}
    assert kept == {f"crm/{n}": word.strip().replace("\r\n", "\n") for n, word in enumerate(words) if word.strip()}
    assert all(
        it["reasons"][0]["message"] == "It is empty, and every row needs it."
        for it in await every(api, f"/v1/imports/{done['id']}/rows?state=failed")
    )
