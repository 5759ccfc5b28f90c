"""Customers and staff by pinyin: refused where the database knows no Chinese order, in order and page by page where it does."""

import os
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import asyncpg
import pytest
from sqlalchemy import event

from deploy.local.databases import Database, Server
from deploy.local.postgres import Postgres
from services.customers.app import service
from services.customers.store.customers import CUSTOMERS
from services.customers.store.staff import STAFF
from shared.ids import customer_of
from shared.migrations import differences, migrate
from shared.problems import InvalidRequest
from tests.apis import Api
from tests.apis import api as over
from tests.customers.test_registers import in_csv, in_xlsx, table
from tests.makers import declared, placed, record
from tests.rooms import World, world
from tests.shared.test_migrations import connected

SORTED = "/v1/customers?sort=display_name"
NAMES = ["张三", "Anna", "王五", "阿明", "赵六", "李四", "重庆钢铁", "银行"]
BY_PINYIN = ["阿明", "重庆钢铁", "李四", "王五", "银行", "张三", "赵六", "Anna"]
NEEDS_ICU = "no PostgreSQL with ICU: apt-get install postgresql, or CARELOOP_POSTGRES"
ICU = "SELECT EXISTS (SELECT FROM pg_collation WHERE collname = 'zh-x-icu')"


class Installed(Postgres):
    """The distribution's programs in place of the wheel's."""

    bin: Path

    def _program(self, name: str) -> Path:
        return self.bin / name

    def _run(self, command: list[str], **extra: str) -> Any:
        return super()._run([it for it in command if "builtin" not in it], **extra)


@pytest.fixture(scope="session")
async def with_icu(folder: Path) -> AsyncIterator[str]:
    """An administrator's DSN of a server that knows Chinese."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/postgres"))
    if given := os.environ.get("CARELOOP_POSTGRES"):
        connection = await asyncpg.connect(given)
        knows = await connection.fetchval(ICU)
        await connection.close()
        if not knows:
            pytest.skip(NEEDS_ICU)
        yield given
    elif found:
        server = Installed(folder / "icu")
        server.bin = found[-1].parent
        server.start()
        yield server.dsn
        server.kill()
    else:
        pytest.skip(NEEDS_ICU)


class One:
    """A single database, migrated."""

    def __init__(self, database: Database) -> None:
        self.database = database

    async def migrated(self, _: str) -> Database:
        await migrate(service, self.database.owner_dsn)
        return self.database


@pytest.fixture
async def chinese(with_icu: str, tmp_path: Path) -> AsyncIterator[tuple[Api, World, Database]]:
    server = Server(with_icu, "sorting")
    database = await server.provide("customers", "customers_in_chinese")
    try:
        async with world(One(database), service) as room, over(service, room, tmp_path) as api:
            yield api, room, database
    finally:
        await server.drop(database)


@pytest.fixture
async def _without(customers: World) -> None:
    if await customers.pool.fetchval("SELECT to_regclass('customer_in_chinese')"):
        pytest.skip("this database knows the Chinese order")


@pytest.mark.usefixtures("_without")
async def test_where_the_database_knows_no_chinese_it_is_said(api: Api) -> None:
    for path in (SORTED, f"{SORTED}&format=csv", "/v1/staff?sort=display_name&count=true"):
        answer = await table(api, path)
        assert (answer.status_code, answer.json()["field"]) == (422, "sort"), path
        assert (
            answer.json()["detail"] == "This database knows no Chinese order, which `sort=display_name` needs."
            and "docs/operate.md" in answer.json()["fix"]
        )
    told = (await table(api, SORTED, accept_language="zh-CN")).json()
    assert told["detail"] == "此数据库不支持中文排序，不能使用 `sort=display_name`。" and told["fix"].startswith("请去掉 `sort`。")
    wish = {"register": "customers", "format": "csv", "filters": {"sort": "display_name"}}
    answer = await api.ask("POST", "/v1/exports", wish)
    assert (answer.status_code, answer.json()["field"]) == (422, "/filters/sort"), answer.text


async def test_a_sort_is_one_that_the_register_has(api: Api) -> None:
    for path in ("/v1/customers?sort=kind", "/v1/customers?sort=", "/v1/orders?sort=display_name"):
        answer = await table(api, path)
        assert (answer.status_code, answer.json()["field"]) == (422, "sort"), path
    assert (STAFF.ask({"sort": ["display_name"]}).sort, STAFF.ask({"sort": []}).sort, STAFF.ask({"unit": ["a"]}).sort) == (
        "display_name",
        None,
        None,
    )
    for wrong in (["kind"], ["display_name", "display_name"]):
        with pytest.raises(InvalidRequest, match="sort"):
            CUSTOMERS.ask({"sort": wrong})


async def test_a_cursor_of_one_order_is_none_of_another(api: Api, customers: World) -> None:
    await customers.handle(*(record("customer.declared.v1", declared(f"erp/C-{n}")) for n in range(2)))
    cursor = (await table(api, "/v1/customers?limit=1")).json()["next"]
    answer = await table(api, f"{SORTED}&limit=1&cursor={cursor}")
    assert (answer.status_code, answer.json()["field"]) == (400, "cursor") and "another question" in answer.json()["detail"]


async def walked(api: Api, path: str, **who: Any) -> list[str | None]:
    seen, cursor = [], ""
    while True:
        page = (await table(api, f"{path}{cursor}", **who)).json()
        seen += [it["display_name"] for it in page["items"]]
        if page["next"] is None:
            return seen
        cursor = f"&cursor={page['next']}"


async def plan_of(customers: World, ask: Callable[[], Awaitable[Any]]) -> str:
    """How the last page that was read would be found in a table that is not small."""
    seen: list[tuple[str, Any]] = []

    def see(_connection: Any, _cursor: Any, statement: str, values: Any, *_: Any) -> None:
        if "ORDER BY" in statement:
            seen.append((statement, values))

    event.listen(customers.engine.sync_engine, "before_cursor_execute", see)
    await ask()
    event.remove(customers.engine.sync_engine, "before_cursor_execute", see)
    statement, values = seen[-1]
    async with customers.pool.acquire() as connection, connection.transaction():
        await connection.execute("SET LOCAL enable_seqscan = off; SET LOCAL enable_sort = off")
        return str(await connection.fetch(f"EXPLAIN {statement}", *values))


async def test_names_are_in_the_order_of_pinyin(chinese: tuple[Api, World, Database]) -> None:
    api, customers, database = chinese
    async with connected(database.owner_dsn) as connection:
        assert await connection.run_sync(differences, service) == [], "what only some databases have is no difference"
    await customers.handle(
        record("order.placed.v1", placed("O-1", "erp/C-90"), source="/erp", unit="headquarters"),
        *(record("customer.declared.v1", declared(f"erp/C-{n}", display_name=it, orgunit="overseas")) for n, it in enumerate(NAMES)),
        record("customer.declared.v1", declared("erp/C-80", display_name="李四", orgunit="headquarters")),
        *(record("staff.declared.v1", {"staff_id": f"s-{n}", "display_name": it, "unit": "overseas", "posts": [], "active": True}, source="/hr") for n, it in enumerate(NAMES)),
    )  # fmt: skip
    everybody = [it for it in BY_PINYIN for _ in range(2 if it == "李四" else 1)] + [None]
    assert (
        await walked(api, f"{SORTED}&limit=200")
        == await walked(api, f"{SORTED}&limit=2")
        == await walked(api, f"{SORTED}&limit=1")
        == everybody
    )
    assert await walked(api, f"{SORTED}&limit=3", unit="overseas") == BY_PINYIN == await walked(api, "/v1/staff?sort=display_name&limit=3")
    assert await walked(api, f"{SORTED}&limit=1", unit="headquarters") == ["李四", None], "narrowed as ever"
    assert [it["客户名称"] or None for it in in_csv(await table(api, f"{SORTED}&format=csv"))] == everybody
    assert [it["客户名称"] for it in in_xlsx(await table(api, f"{SORTED}&format=xlsx&unit=overseas"))] == BY_PINYIN

    first = (await table(api, f"{SORTED}&limit=2", unit="overseas")).json()
    for path, index in {SORTED: "customer_in_chinese", "/v1/staff?sort=display_name": "colleague_in_chinese"}.items():
        cursor = (await table(api, f"{path}&limit=1")).json()["next"]
        assert f"Index Scan using {index}" in await plan_of(customers, lambda: table(api, f"{path}&cursor={cursor}")), path  # noqa: B023
    assert (await table(api, f"/v1/customers?limit=2&cursor={first['next']}")).status_code == 400, "of another order"
    await customers.pool.execute("UPDATE customer SET unit = 'headquarters' WHERE id = $1", customer_of("erp/C-6"))
    gone = await table(api, f"{SORTED}&limit=2&cursor={first['next']}", unit="overseas")
    assert (gone.status_code, gone.json()["field"]) == (400, "cursor"), "nobody learns where a name lies that they don't see"
