"""A complaint on paper: what the regulation's form asks for, masked as on the screen, and a line that it was printed."""

import httpx
import pypdfium2

from tests.apis import Api
from tests.complaints.making import step, taken
from tests.rooms import World
from tests.shared.an_api import token

SAID = "钢卷弯了，请打 138 0013 8000 给我。"


async def printed(api: Api, path: str, *, accept: str = "*/*", units: list[str] | None = None, role: str = "viewer") -> httpx.Response:
    headers = {"Accept": accept, "Authorization": f"Bearer {token(role, units=units or ['*'])}"}
    return await api.client.get(path, headers=headers)


def text_of(file: bytes) -> str:
    document = pypdfium2.PdfDocument(file)
    page = document[0]
    text = page.get_textpage()
    said: str = text.get_text_range()
    for it in (text, page, document):
        it.close()
    return said


async def test_a_complaint_is_printed_as_the_regulation_asks(api: Api, complaints: World) -> None:
    """A13, CUST-19"""
    it = await taken(api, content=SAID, order_id="13800138000")
    await step(api, it["id"], "acknowledgement")
    await step(api, it["id"], "judgement", {"department": "mill-2"})
    await step(api, it["id"], "resolution", {"result": "换一卷新的。"})
    here = f"/v1/complaints/{it['id']}/form"
    page = await printed(api, here, accept="text/html,application/xhtml+xml,*/*;q=0.8")
    assert (page.status_code, page.headers["content-type"], page.headers["content-language"]) == (200, "text/html; charset=utf-8", "zh-CN")
    assert page.headers["content-security-policy"].startswith("default-src 'none'; style-src 'sha256-")
    paper = await printed(api, here, accept="application/pdf")
    assert (paper.status_code, paper.headers["content-type"]) == (200, "application/pdf") and paper.content.startswith(b"%PDF-")
    assert int(paper.headers["content-length"]) == len(paper.content)
    for told in (page.text, text_of(paper.content)):
        for part in (
            "顾客投诉登记表", it["number"], "2026年1月5日", "电话", "mill-2", "138****8000", "A new coil", "13800138000", "换一卷新的。", "处理方案", "顾客签名", "s-1",
        ):  # fmt: skip
            assert part in told
        assert "138 0013 8000" not in told
    assert (await printed(api, f"{here}?format=pdf", accept="text/html")).content.startswith(b"%PDF-")
    lines = await complaints.rows(
        "audit", "by, action, about, unit, facts", "about = $1 AND action = 'form.printed'", f"complaint:{it['id']}"
    )
    assert [(row["by"], row["about"], row["unit"]) for row in lines] == [("s-1", f"complaint:{it['id']}", it["unit"])] * 3


async def test_what_is_no_form_is_said(api: Api, complaints: World) -> None:
    it = await taken(api)
    here = f"/v1/complaints/{it['id']}/form"
    for path, accept, units, status in [
        (f"/v1/complaints/{it['customer_id']}/form", "*/*", ["*"], 404), (here, "*/*", ["overseas"], 404), (here, "application/json", ["*"], 406),
        (f"{here}?format=docx", "*/*", ["*"], 422),
    ]:  # fmt: skip
        answer = await printed(api, path, accept=accept, units=units)
        assert (answer.status_code, answer.headers["content-type"]) == (status, "application/problem+json"), answer.text
        assert "fix" in answer.json() or status == 404
    assert await complaints.rows("audit", "seq", "about = $1", f"complaint:{it['id']}") == []
