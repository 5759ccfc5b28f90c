"""`careloop import` as a person runs it, over the real API and the worker's jobs."""

import asyncio
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import httpx
import pytest
from typer.testing import CliRunner, Result

from deploy.command.importing import app
from services.customers.app import service
from tests.apis import api
from tests.importing import Importing, as_csv
from tests.rooms import world
from tests.shared import an_api

Run = Callable[..., Any]


class ToTheApi(httpx.BaseTransport):
    """A client of another thread asks the API of this one."""

    def __init__(self, importing: Importing) -> None:
        self.importing, self.loop = importing, asyncio.get_running_loop()

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        return asyncio.run_coroutine_threadsafe(self.answered(request), self.loop).result(30)

    async def answered(self, request: httpx.Request) -> httpx.Response:
        content = b"".join(request.stream)  # type: ignore[arg-type]
        answer = await self.importing.api.client.request(request.method, str(request.url), content=content, headers=request.headers)
        if request.method == "PUT":
            await self.importing.work()
        return httpx.Response(answer.status_code, headers=answer.headers, content=answer.content)


@pytest.fixture
async def run(databases: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Run]:
    async with world(databases, service) as room, api(service, room, tmp_path) as served:
        await room.empty()
        importing = Importing(served, room, service)
        monkeypatch.setenv("LC_ALL", "C.UTF-8")
        through, client = ToTheApi(importing), httpx.Client
        monkeypatch.setattr(
            httpx, "Client", lambda **told: client(**{name: it for name, it in told.items() if name != "trust_env"}, transport=through)
        )
        token = an_api.token("admin")

        async def careloop_import(*words: str) -> Result:
            return await asyncio.to_thread(CliRunner().invoke, app, [*words, "--url", "http://api", "--token", token])

        yield careloop_import


async def test_a_stranger_brings_a_spreadsheet_in_and_mends_it(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file, mended, how = tmp_path / "old.csv", tmp_path / "mend.csv", tmp_path / "map.toml"
    file.write_bytes(
        as_csv([{"No": "C-1", "客户名称": "李明", "手机": "13800138000"}, {"No": "C-2", "客户名称": "王", "手机": "83657688"}])
    )
    unclear = await run("customers", str(file), "--system", "crm")
    assert unclear.exit_code == 1
    assert "No column is recognised as id" in unclear.output
    how.write_text('system = "crm"\n[columns]\nid = "No"\n', encoding="utf-8")
    tried = await run("customers", str(file), "--map", str(how), "--dry-run")
    assert "2 rows: 1 would be created, 0 would be updated, 0 would be skipped, 1 failed" in tried.output
    done = await run("customers", str(file), "--map", str(how), "--corrections", str(mended))
    assert done.exit_code == 1
    assert (
        "row 3, 手机: The telephone number has no area code. Write it with its country or area code: +862155550100 or 021-55550100"
        in done.output
    )
    monkeypatch.setenv("LC_ALL", "zh_CN.UTF-8")
    again = await run("customers", str(mended), "--system", "crm", "--dry-run")
    assert "As it was said the last time: columns.id = No\n" in again.output
    assert "电话号码缺少区号。 请带上国家代码或区号，例如 +862155550100" in (await run("customers", str(mended), "--map", str(how))).output
    mended.write_bytes(mended.read_bytes().replace(b"83657688", b"010-83657688"))
    again = await run("customers", str(mended), "--map", str(how))
    assert again.exit_code == 0
    assert "1 row: 1 created, 0 updated, 0 skipped, 0 failed" in again.output


async def test_what_it_refuses_it_says_in_a_sentence(run: Run, tmp_path: Path) -> None:
    empty = tmp_path / "customers.xlsx"
    assert (await run("customers", "--template", str(empty))).exit_code == 0
    assert empty.read_bytes().startswith(b"PK")
    assert "customers, orders" in str((await run("dogs", str(empty))).exception)
    assert "Without the system" in str((await run("customers", str(empty))).exception)
    assert (await run("customers")).exit_code == 2
