"""Exports: a register as a file, from the wish to the file, through the real API and the worker's job on a real database."""

import asyncio
import csv
import io
from collections.abc import AsyncIterator, Callable
from typing import Any

import httpx
import openpyxl
import pytest
from starlette.requests import ClientDisconnect
from starlette.types import Message

from deploy.forgotten import in_database
from services.reception.jobs.erasing import JOBS as ERASING
from shared import leased
from shared.exports import export as rules
from shared.exports import forgetting, store, writing
from shared.exports.fetching import StoredFile
from shared.ids import customer_of
from shared.leased import take
from shared.registers.writing import Piece
from shared.service import Means
from tests.apis import Api
from tests.erasing import asked_to_forget, everything_in, forgotten, left_of
from tests.makers import customer
from tests.reception.desk import applied, asked
from tests.rooms import World
from tests.shared.an_api import token

EXPORTS, VISITS = writing.job("reception"), {"register": "visits"}


async def ask(api: Api, method: str, path: str, body: Any = None, *, role: str = "reception", **claims: Any) -> httpx.Response:
    headers = {"Authorization": f"Bearer {token(role, **claims)}"}
    return await api.client.request(method, path, json=body, headers=headers)


async def wished(api: Api, body: Any = None, **more: Any) -> dict[str, Any]:
    answer = await ask(api, "POST", "/v1/exports", body or VISITS, **more)
    assert answer.status_code == 201, answer.text
    told: dict[str, Any] = answer.json()
    assert answer.headers["Location"] == f"/v1/exports/{told['id']}"
    return told


async def seen(api: Api, export: dict[str, Any]) -> dict[str, Any]:
    told: dict[str, Any] = (await ask(api, "GET", f"/v1/exports/{export['id']}")).json()
    return told


async def fetched(api: Api, export: dict[str, Any], **more: Any) -> httpx.Response:
    return await ask(api, "GET", f"/v1/exports/{export['id']}/file", **more)


def problem(answer: httpx.Response) -> tuple[int, str, str | None]:
    told = answer.json()
    assert told["fix"], told
    return answer.status_code, told["type"].rpartition("/")[2], told.get("field")


@pytest.fixture
def written(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """A file of these pieces in place of a process that writes one."""

    def by(*pieces: Piece, then: Callable[[], Any] | None = None) -> None:
        async def produce(order: Any) -> Any:
            for it in pieces:
                yield it
            if then:
                await then()

        monkeypatch.setattr(writing, "produce", produce)

    return by


async def test_from_the_wish_to_the_file(reception: World, api: Api, worker: Means) -> None:
    await applied(api, company="=龘钢铁", guests=12)
    await applied(api, company="Other")
    wish = VISITS | {"filters": {"company": "=龘钢铁", "state": ["applied"]}, "encoding": "gb18030"}
    export = await wished(api, wish)
    sheet = await wished(api, {"register": "visits", "format": "xlsx", "headings": "names"})
    assert (export["state"], export["rows_in_all"], export["file"], export["units"]) == ("queued", 1, None, None)
    assert problem(await fetched(api, export)) == (409, "not-now", None)
    assert [await EXPORTS.run(worker) for _ in range(3)] == [True, True, False]
    export = await seen(api, export)
    assert (export["state"], export["rows"], export["filters"]) == ("done", 1, {"company": ["=龘钢铁"], "state": ["applied"]})
    answer = await fetched(api, export)
    assert (answer.status_code, len(answer.content)) == (200, export["bytes"])
    assert answer.headers["content-type"] == "text/csv; charset=gb18030"
    assert answer.headers["content-disposition"].startswith('attachment; filename="visits-')
    headings, row = csv.reader(io.StringIO(answer.content.decode("gb18030")))
    assert dict(zip(headings, row, strict=True))["来访单位"] == "'=龘钢铁"
    answer = await fetched(api, sheet)
    rows = [*openpyxl.load_workbook(io.BytesIO(answer.content), read_only=True).active.values]  # type: ignore[union-attr]
    assert (len(rows), {row[rows[0].index("company")] for row in rows[1:]}) == (3, {"=龘钢铁", "Other"})
    lines = await reception.rows("audit", "action, about, facts", "about = 'register:visits' ORDER BY seq DESC LIMIT 4")
    assert [it["action"] for it in lines] == ["export.fetched", "export.fetched", "register.exported", "register.exported"]
    assert {*lines[-1]["facts"]} == {"export", "format", "rows", "filters"} and "龘" not in str(lines)
    await store.gauges(worker)
    assert b'careloop_exports{service="reception",state="done"} 2.0' in await worker.metrics.page()


async def test_what_is_refused_at_once(reception: World, api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    def wrong(**more: Any) -> Any:
        return ask(api, "POST", "/v1/exports", VISITS | more)

    assert problem(await wrong(register="complaints")) == (422, "no-such-register", "/register")
    assert problem(await wrong(register="audit")) == (403, "not-your-role", "/register")
    assert problem(await wrong(filters={"colour": "red"})) == (422, "invalid-request", "/filters/colour")
    answer = await wrong(filters={"state": ["applied", "lost"]})
    assert problem(answer) == (422, "invalid-request", "/filters/state")
    assert answer.json()["errors"][0]["pointer"] == "/filters/state"
    assert problem(await wrong(format="xlsx", encoding="gb18030")) == (422, "invalid-request", "/encoding")
    assert problem(await wrong(filters={"state": {"is": "applied"}}))[0] == 422
    await applied(api)
    monkeypatch.setitem(rules.MOST_ROWS, "csv", 0)
    assert problem(await wrong()) == (422, "register-too-long", "/filters")
    for _ in range(rules.OPEN_AT_MOST):
        await wished(api, {"register": "tasks", "format": "xlsx"})
    assert problem(await wrong(register="tasks", format="xlsx")) == (409, "not-now", None)
    await wished(api, {"register": "tasks", "format": "xlsx"}, sub="s-2")
    assert await reception.rows("export", "id", "sheet <> 'tasks'") == []


async def test_nobody_else_sees_it_and_whoever_sees_less_does_not_get_it(
    reception: World, api: Api, worker: Means, written: Callable[..., None]
) -> None:
    export = await wished(api, units=["headquarters"])
    assert export["units"] == ["headquarters"]
    written(Piece(b"a,b\r\n", 1, 1))
    await EXPORTS.run(worker)
    for method, path in ("GET", ""), ("GET", "/file"), ("POST", "/cancellation"):
        assert problem(await ask(api, method, f"/v1/exports/{export['id']}{path}", sub="s-2"))[:2] == (404, "export-not-found")
    assert (await ask(api, "GET", "/v1/exports", sub="s-2")).json()["items"] == []
    assert [it["id"] for it in (await ask(api, "GET", "/v1/exports?state=done&register=visits")).json()["items"]] == [export["id"]]
    assert problem(await fetched(api, export, units=["overseas"]))[:2] == (403, "sees-less")
    assert problem(await fetched(api, export, role="privacy_officer"))[:2] == (403, "not-your-role")
    assert (await fetched(api, export, units=["headquarters"])).content == b"a,b\r\n"


async def test_nobody_reads_on_for_whoever_hung_up() -> None:
    read: list[int] = []
    taken = asyncio.Event()

    async def pieces() -> AsyncIterator[bytes]:
        for number in range(1_000):
            read.append(number)
            yield b"x"
            await asyncio.sleep(0)

    async def receive() -> Message:
        await taken.wait()
        return {"type": "http.disconnect"}

    async def send(message: Message) -> None:
        if message["type"] == "http.response.body":
            taken.set()

    async with asyncio.timeout(None) as deadline:
        with pytest.raises(ClientDisconnect):
            await StoredFile(pieces(), 1_000, deadline, {})({"type": "http"}, receive, send)
    assert len(read) < 100


async def test_it_begins_anew_where_a_worker_died_and_a_ghost_adds_nothing(
    reception: World, api: Api, worker: Means, written: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writing, "PIECE", 4)
    monkeypatch.setattr(writing, "TOLD", -1.0)
    export = await wished(api)
    half, never = asyncio.Event(), asyncio.Event()

    async def wait() -> None:
        half.set()
        await never.wait()

    written(Piece(b"old old old ", 7, 9), then=wait)
    ghost = asyncio.create_task(EXPORTS.run(worker))
    await half.wait()
    told = await seen(api, export)
    assert (told["state"], told["rows"], told["rows_in_all"], told["bytes"]) == ("running", 7, 9, 12)
    await reception.pool.execute("UPDATE export SET held_until = now() - interval '1 s'")  # it says nothing any more: kill -9
    written(Piece(b"", 0, 3), Piece(b"new ", 1, 3), Piece(b"news", 2, 3), Piece(b"!", 3, 3))
    assert await EXPORTS.run(worker)
    never.set()
    assert await ghost
    told = await seen(api, export)
    assert (told["state"], told["rows"], told["bytes"]) == ("done", 3, 9)
    assert (await fetched(api, export)).content == b"new news!"


async def test_what_is_called_off_is_not_written_on_and_its_pieces_go(
    reception: World, api: Api, worker: Means, written: Callable[..., None]
) -> None:
    export = await wished(api)

    async def call_off() -> None:
        answer = await ask(api, "POST", f"/v1/exports/{export['id']}/cancellation")
        assert (answer.status_code, answer.json()["state"]) == (200, "cancelled")

    written(Piece(b"x" * writing.PIECE, 1, 2), then=call_off)
    assert await EXPORTS.run(worker)
    assert not await EXPORTS.run(worker)
    assert problem(await ask(api, "POST", f"/v1/exports/{export['id']}/cancellation"))[:2] == (409, "not-now")
    assert len(await reception.rows("stored_piece", "number")) == 1
    assert [await forgetting.JOB.run(worker) for _ in range(2)] == [True, False]
    assert await reception.rows("stored_piece", "number") == []


async def test_what_can_not_be_written_says_so(reception: World, api: Api, worker: Means, written: Callable[..., None]) -> None:
    async def fail() -> None:
        raise KeyError("a name that nobody may read")

    export = await wished(api)
    written(Piece(b"x", 1, 2), then=fail)
    for _ in range(leased.TIMES):
        await reception.pool.execute("UPDATE export SET held_until = NULL")
        assert await EXPORTS.run(worker)
    told = await seen(api, export)
    assert (told["state"], told["because"]) == ("failed", "failed") and "three times" in told["why"]
    assert problem(await fetched(api, export))[:2] == (409, "not-now")


async def test_files_go_after_a_day_and_rows_after_a_month(reception: World, api: Api, worker: Means, written: Callable[..., None]) -> None:
    written(Piece(b"x", 1, 1))
    export = await wished(api)
    await EXPORTS.run(worker)
    assert (await seen(api, export))["kept_until"]
    assert not await forgetting.JOB.run(worker)
    await reception.pool.execute("UPDATE export SET ended_at = now() - interval '25 hours'")
    assert [await forgetting.JOB.run(worker) for _ in range(2)] == [True, False]
    told = await seen(api, export)
    assert (told["state"], told["because"], await reception.rows("stored_piece", "number")) == ("forgotten", "expired", [])
    await reception.pool.execute("UPDATE export SET asked_at = now() - interval '31 days'")
    await forgetting.JOB.run(worker)
    assert await reception.rows("export", "id") == []


async def test_after_an_erasure_no_file_holds_a_name(reception: World, api: Api, worker: Means) -> None:
    """What is done is forgotten; what is just being written begins anew and holds nothing; what was only asked for is written as ever."""
    await applied(api, customer=customer("erp/C-1"), company="Example Steel")
    await asked(api)
    words = await reception.pool.fetchval("SELECT to_jsonb(note)::text FROM note LIMIT 1")
    named = VISITS | {"filters": {"company": "Example Steel"}}
    done, running = await wished(api, named), await wished(api, {"register": "inquiries"})
    assert await EXPORTS.run(worker)
    assert left_of(["Example Steel"], await everything_in(reception)) == ["Example Steel"] and (await fetched(api, done)).status_code == 200
    lease = await take(worker.pool, "export", rules.IS_OPEN)
    assert lease
    await writing.begin(lease)
    file = writing.File(lease)
    await file.add(b"Example Steel" + b"x" * writing.PIECE)
    open_still, another = await wished(api, named), await wished(api, named)
    await reception.handle(asked_to_forget(customer_of("erp/C-1")))
    await forgotten(ERASING, worker)
    assert (await seen(api, done))["filters"] == {"company": []}, "what was looked for may be a name, too"
    waiting = await seen(api, open_still)
    assert (waiting["because"], waiting["filters"]) == (None, {"company": ["Example Steel"]})
    assert (await ask(api, "POST", f"/v1/exports/{another['id']}/cancellation")).json()["filters"] == {"company": []}
    assert await in_database(reception.pool, "reception", [customer_of("erp/C-1")], []) == []
    assert ((await seen(api, done))["because"], (await seen(api, running))["state"]) == ("erasure", "queued")
    with pytest.raises(leased.Lost):
        await file.end()
    (answer,) = await reception.rows("erasing", "done, counts, swept_at")
    assert answer["done"] and answer["counts"]["exports"] == 2 and answer["swept_at"]
    assert await EXPORTS.run(worker) and await EXPORTS.run(worker)
    assert (await fetched(api, running)).status_code == 200
    assert (await seen(api, open_still))["filters"] == {"company": []}, "it needed them until it was done"
    assert left_of(["Example Steel"], await everything_in(reception)) == []
    assert (await seen(api, await wished(api)))["state"] == "queued"
    await forgotten(ERASING, worker, again=True)
    assert (await seen(api, running))["state"] == "done", "nothing came late, so nothing has to go"
    await reception.pool.execute("INSERT INTO note SELECT (jsonb_populate_record(null::note, $1::text::jsonb)).*", words)
    await ERASING[1].run(worker)
    assert (await seen(api, running))["because"] == "erasure", "a word came late, and may stand in it"
