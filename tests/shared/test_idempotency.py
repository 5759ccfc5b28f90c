"""A POST that is sent twice acts once, whatever happens in between."""

import asyncio

from sqlalchemy import text

from tests.shared.an_api import SLEEP, Running


async def rows(api: Running, question: str) -> int:
    async with api.means.engine.connect() as connection:
        return (await connection.execute(text(question))).scalar_one()


async def post(api: Running, name: str, key: str | None, **claims):
    headers = api.auth("admin", **claims) | ({"Idempotency-Key": key} if key else {})
    return await api.client.post("/v1/things", json={"name": name}, headers=headers)


async def test_a_repeat_gets_the_same_answer(api: Running):
    first = await post(api, "a", "k-1")
    again = await post(api, "a", "k-1")
    assert (first.status_code, again.status_code) == (201, 201)
    assert again.content == first.content
    for name in ("etag", "location", "content-type"):
        assert again.headers[name] == first.headers[name]
    assert again.headers["idempotent-replayed"] == "true" and "idempotent-replayed" not in first.headers
    assert again.headers["x-correlation-id"] != first.headers["x-correlation-id"]
    assert await rows(api, "SELECT count(*) FROM thing") == 1


async def test_two_at_once_act_once(api: Running):
    SLEEP["seconds"] = 0.4
    answers = await asyncio.gather(*(post(api, "twin", "k-1") for _ in range(3)))
    assert {it.status_code for it in answers} == {201}
    assert len({it.content for it in answers}) == 1
    assert sorted("idempotent-replayed" in it.headers for it in answers) == [False, True, True]
    assert await rows(api, "SELECT count(*) FROM thing") == 1


async def test_the_twin_of_a_refused_one_acts_itself(api: Running):
    SLEEP["seconds"] = 0.3
    refused, twin = await asyncio.gather(post(api, "conflict", "k-1"), post(api, "conflict", "k-1"))
    assert (refused.status_code, twin.status_code) == (409, 409)
    assert await rows(api, "SELECT count(*) FROM idempotency") == 0  # the next time it may be granted
    assert (await post(api, "granted", "k-1")).status_code == 201


async def test_the_key_with_another_body_is_refused(api: Running):
    assert (await post(api, "a", "k-1")).status_code == 201
    other = await post(api, "b", "k-1")
    assert other.status_code == 422 and other.json()["field"] == "Idempotency-Key"
    assert await rows(api, "SELECT count(*) FROM thing") == 1


async def test_keys_are_each_callers_own(api: Running):
    assert (await post(api, "a", "k-1", sub="one")).status_code == 201
    assert (await post(api, "b", "k-1", sub="two")).status_code == 201


async def test_faults_are_not_remembered(api: Running):
    for name, status in (("bug", 500), ("late bug", 409), ("invalid", 422)):
        assert (await post(api, name, f"k-{name.replace(' ', '-')}")).status_code == status
    headers = api.auth() | {"Idempotency-Key": "k-empty"}
    assert (await api.client.post("/v1/things", json={}, headers=headers)).status_code == 422
    assert await rows(api, "SELECT count(*) FROM idempotency") == 0
    assert (await post(api, "good", "k-empty")).status_code == 201


async def test_a_key_is_visible_ascii(api: Running):
    for key in (b"", b"a b", b"k" * 65, "café".encode("latin-1")):
        headers = [*api.auth().items(), ("Content-Type", "application/json"), (b"Idempotency-Key", key)]
        answer = await api.client.post("/v1/things", content=b'{"name": "a"}', headers=headers)
        assert answer.status_code == 400 and answer.json()["field"] == "Idempotency-Key", key
    assert (await post(api, "a", "k" * 64)).status_code == 201


async def test_without_a_key_each_is_its_own(api: Running):
    assert (await post(api, "a", None)).status_code == 201
    assert (await post(api, "a", None)).status_code == 409  # the name is taken


async def test_nothing_is_kept_of_what_was_asked_but_its_hash(api: Running):
    await post(api, "a", "k-1")
    assert await rows(api, "SELECT octet_length(request_hash) FROM idempotency") == 32
    assert await rows(api, "SELECT count(*) FROM idempotency WHERE scope LIKE 's-1 % POST /v1/things' AND status = 201") == 1
