"""A caller who would rather read Chinese does: which callers, which sentences, and every kind of refusal through the real edge."""

import re
from uuid import uuid4

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from limits import parse

from shared.chinese import LANGUAGE, chinese, preferred, said
from shared.chinese.sentences import DEEPEST, FOLDER, WAYS, Template, as_template, bare, cut
from shared.chinese.sentences import of as known
from shared.limits import Limits
from tests.shared.an_api import Running

CHROME, FIREFOX = "zh-CN,zh;q=0.9,en;q=0.8", "zh-CN,zh;q=0.8,zh-TW;q=0.7,zh-HK;q=0.5,en-US;q=0.3,en;q=0.2"
HAN = re.compile(r"[\u4e00-\u9fff]")
calmly = settings(deadline=None, derandomize=True)
MADE_UP = {"It is dry."}  # tests/shared/an_api.py
LEFT = re.compile(r"[a-z]{2,} [a-z]{2,} [a-z]{2,}")  # three English words in a row are a sentence that was forgotten


@pytest.mark.parametrize(
    ("header", "wanted"),
    [
        (None, "en"), ("", "en"), ("*", "en"), ("de", "en"), ("en", "en"), ("zh", "zh"), ("ZH-cn", "zh"), ("zh-Hans", "zh"), ("zh-Hant-TW", "zh"),
        (CHROME, "zh"), (FIREFOX, "zh"), ("en-US,en;q=0.9,zh;q=0.8", "en"), ("zh,en", "zh"), ("en,zh", "en"), ("en;q=0.5, zh ; q = 0.7", "zh"),
        ("de, zh;q=0.1", "zh"), ("zh;q=0", "en"), ("zh;q=0, *", "en"), ("*, zh;q=0.5", "en"), ("zh;q=0.5, *;q=0.1", "zh"),
        ("en;q=0, *;q=0.5, zh;q=0.2", "zh"), ("zh;q=2, en", "en"), ("zh;q=x", "en"), (";;,=,zh", "zh"), ("zhx", "en"), ("zh_CN", "en"),
        ("x," * 10_000 + "zh", "en"),
    ],
)  # fmt: skip
def test_who_would_rather_read_chinese(header: str | None, wanted: str):
    assert preferred(header) == wanted


@calmly
@given(st.text(max_size=50))
def test_any_header_is_read(header: str):
    assert preferred(header) in ("en", "zh")


TEMPLATES = [pair for begun in known(FOLDER).begun.values() for pair in begun]


def filled(template: Template, found: dict[str, str]) -> str:
    holes = [found[name].replace(*WAYS.get(way, (" ", " "))) for name, way in map(bare, template.holes)]
    return "".join(map("".join, zip(template.literals, [*holes, ""], strict=True)))


@calmly
@given(st.data())
def test_what_stands_in_a_hole_stays_as_it_is(data: st.DataObject):
    english, translated = data.draw(st.sampled_from(TEMPLATES))
    anything = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="".join(map(chr, range(32, 127)))), min_size=1)
    found = {it: data.draw(anything) for it in english.holes}
    assert chinese(filled(english, found)) == filled(translated, found)


@calmly
@given(st.sampled_from(TEMPLATES), st.text())
def test_whatever_it_is_a_sentence_comes_out(pair: tuple[Template, Template], text: str):
    sentence = filled(pair[0], dict.fromkeys(pair[0].holes, text))
    assert chinese(sentence) != sentence and isinstance(chinese(text), str)


def test_sentences_as_they_are_told():
    assert chinese("There is no such complaint.") == "没有这件投诉。"
    assert chinese("there is no such complaint") == "没有这件投诉"  # as it goes on behind a colon
    assert chinese("It is closed, and there is no resolution from there.") == "当前为 closed，不能进行 resolution。"
    assert chinese("Nobody has written this.") == "Nobody has written this."
    assert (
        chinese("`/a`: It must be a currency code of ISO 4217: CNY; and 2 more.")
        == "`/a`：应为 ISO 4217 货币代码，例如 CNY；另有 2 处问题。"
    )
    assert chinese("Mend `/a`: it must be a currency code of ISO 4217: CNY.") == "请更正 `/a`：应为 ISO 4217 货币代码，例如 CNY。"
    assert said("There is no such complaint.") == "There is no such complaint."  # nobody is being answered
    assert cut(as_template([("{a} is ", False), ("it['b']", True), (".", False)])) == Template(("{a} is ", "."), ("it['b']",))


def test_a_sentence_in_a_sentence_ends_somewhere():
    deep = "`a`: " * 50_000 + "Field required."
    assert chinese(deep).count("：") == DEEPEST


async def told(api: Running, method: str, path: str, **more: object) -> httpx.Response:
    """The same refusal in both languages; what differs is only what people read."""
    headers = dict(more.pop("headers", None) or api.auth())
    plain, answer = [await api.client.request(method, path, headers=headers | it, **more) for it in ({}, {"Accept-Language": CHROME})]
    assert (plain.headers["content-language"], answer.headers["content-language"]) == ("en", "zh-CN")
    assert plain.headers["vary"] == answer.headers["vary"] == "Accept-Language" and plain.status_code == answer.status_code
    english, translated = plain.json(), answer.json()
    people = {"title", "detail", "fix", "errors", "instance", "correlation_id"}
    assert english.keys() == translated.keys() and not HAN.search(plain.text)
    assert all(english[it] == translated[it] for it in english.keys() - people)
    for it in (it for it in ("title", "detail", "fix") if english[it] not in MADE_UP):
        assert HAN.search(translated[it]) and not LEFT.search(translated[it]), translated
    assert [it["pointer"] for it in english.get("errors", ())] == [it["pointer"] for it in translated.get("errors", ())]
    assert all(HAN.search(it["message"]) for it in translated.get("errors", ()))
    return answer


async def test_every_kind_of_refusal(api: Running):
    where = (await api.client.post("/v1/things", json={"name": "a"}, headers=api.auth())).headers["location"] + "/paint"
    await api.client.post("/v1/things", json={"name": "k"}, headers=api.auth() | {"Idempotency-Key": "k"})
    stale, bad = api.auth() | {"If-Match": '"7"'}, api.auth() | {"If-Match": "7"}
    line = {"sku": "x", "quantity": 0, "more": 1}
    seen = {
        (await told(api, *asked, **more)).status_code
        for asked, more in [
            (("GET", "/v1/things"), {"headers": {"X-Nobody": "1"}}),
            (("GET", "/v1/things"), {"headers": {"Authorization": "Bearer a.b.c"}}),
            (("POST", "/v1/things"), {"headers": api.auth("viewer")}),
            (("GET", f"/v1/things/{uuid4()}"), {}),
            (("GET", "/v1/things/1"), {}),
            (("GET", "/v1/things?colour=1&nothing=1"), {}),
            (("GET", "/v1/things?limit=x"), {}),
            (("GET", "/v1/things?cursor=x"), {}),
            (("GET", "/v2"), {}),
            (("PATCH", "/v1/things"), {}),
            (("POST", "/v1/things"), {"json": {"name": "conflict"}}),
            (("POST", "/v1/things"), {"json": {"name": "b"}, "headers": api.auth() | {"Idempotency-Key": "k"}}),
            (("POST", "/v1/things"), {"json": {"name": "b"}, "headers": api.auth() | {"Idempotency-Key": "a b"}}),
            (("POST", "/v1/things"), {"json": {"colour": 1, "lines": [line]}}),
            (("POST", "/v1/things"), {"content": b"{"}),
            (("POST", "/v1/things"), {"content": b"{}", "headers": api.auth() | {"Content-Type": "text/plain"}}),
            (("POST", "/v1/things"), {"json": {"name": "a\0"}}),
            (("POST", "/v1/things"), {"json": {"name": "bug"}}),
            (("PUT", where), {"json": {"colour": "red"}}),
            (("PUT", where), {"json": {"colour": "red"}, "headers": stale}),
            (("PUT", where), {"json": {"colour": "red"}, "headers": bad}),
        ]
    }
    api.app.state.limits = Limits({"read": parse("1/minute")}, api.means.metrics)
    await api.client.get("/v1/things", headers=api.auth())
    seen.add((await told(api, "GET", "/v1/things")).status_code)
    large = await api.client.post("/v1/things", content=b" " * 300_000, headers=api.auth() | {"Accept-Language": "zh-TW"})
    assert large.json()["fix"] == "请减少内容，或分几次发送。" and large.headers["content-language"] == "zh-CN"
    assert seen | {large.status_code} == {400, 401, 403, 404, 405, 409, 412, 413, 422, 428, 429, 500}


async def test_a_repeat_is_answered_in_its_own_language(api: Running):
    """Refusals are kept under no key, and what is kept has no language."""
    key = api.auth() | {"Idempotency-Key": "twice"}
    refused = await api.client.post("/v1/things", json={"name": "refused"}, headers=key | {"Accept-Language": "zh"})
    again = await api.client.post("/v1/things", json={"name": "refused"}, headers=key)
    assert HAN.search(refused.json()["title"]) and again.json()["title"] == "You may not do this."
    made, repeated = [
        await api.client.post("/v1/things", json={"name": "made"}, headers=api.auth() | {"Idempotency-Key": "made", "Accept-Language": it})
        for it in ("zh", "en")
    ]
    assert made.content == repeated.content and "content-language" not in made.headers and repeated.headers["idempotent-replayed"] == "true"
    assert LANGUAGE.get() == "en"


@pytest.mark.parametrize(
    ("english", "expected"),
    [
        ("This takes the post director or quality_manager.", "此步骤需要以下岗位之一：director、quality_manager。"),
        ("The call is called off: nobody calls the customer about this any more.", "回访当前为 called_off，不再就此事回访客户。"),
        ("It is called back: that leaves no room for this step.", "当前为 called_back，不能进行此步骤。"),
        ("It can't have been judged before it was acknowledged.", "判断时间不能早于告知时间。"),
        ("Customers have no field colour.", "客户没有字段 colour。"),
    ],
)
def test_no_english_is_left_in_the_holes(english: str, expected: str) -> None:
    assert chinese(english) == expected
