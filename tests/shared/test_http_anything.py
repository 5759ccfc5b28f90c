"""Whatever is sent, it is never our fault: no body, query, key or token makes a 500."""

import json

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.shared.an_api import Running

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda of: st.lists(of) | st.dictionaries(st.text(), of),
    max_leaves=8,
)
THING = st.fixed_dictionaries({"name": st.text() | JSON}, optional={"colour": st.text() | JSON, "lines": JSON})
VALUE = st.text() | st.integers().map(str) | st.datetimes().map(str)
HEADER = st.text(st.characters(min_codepoint=33, max_codepoint=126), max_size=70)
calmly = settings(deadline=None, derandomize=True, max_examples=80, suppress_health_check=[HealthCheck.function_scoped_fixture])


@calmly
@given(body=THING | JSON | st.binary(), key=HEADER)
async def test_bodies_and_keys(api: Running, body: object, key: str):
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    headers = api.auth() | {"Content-Type": "application/json", "Idempotency-Key": key}
    answer = await api.client.post("/v1/things", content=content, headers=headers)
    assert answer.status_code in (201, 400, 409, 422) or (answer.status_code, answer.json()["type"][-7:]) == (403, "refused")


@calmly
@given(query=st.dictionaries(st.sampled_from(["cursor", "limit", "count", "name", "colour", "id", "made_at"]) | st.text(), VALUE))
async def test_queries(api: Running, query: dict[str, str]):
    assert (await api.client.get("/v1/things", params=query, headers=api.auth())).status_code in (200, 400, 422)


@calmly
@given(token=HEADER.filter(bool), tags=HEADER)
async def test_headers(api: Running, token: str, tags: str):
    assert (await api.client.get("/v1/things", headers={"Authorization": f"Bearer {token}"})).status_code == 401
    where = "/v1/things/00000000-0000-7000-8000-000000000000/paint"
    answer = await api.client.put(where, json={"colour": "red"}, headers=api.auth() | {"If-Match": tags})
    assert answer.status_code in (400, 404)
