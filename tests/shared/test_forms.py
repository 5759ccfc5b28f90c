"""Forms on paper: no character is lost, whatever somebody wrote, and nothing on it is anything but text."""

import re
import unicodedata
from collections import Counter
from html.parser import HTMLParser
from typing import Any

import pypdfium2
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from shared.apart import result
from shared.forms import html, pdf
from shared.forms.breaking import BEGINS_NONE, broken
from shared.forms.form import Exact, Form, Line, Row, Signature, Words
from shared.forms.glyphs import FOOTNOTE, UNSEEN, font_of, lines_of, printable
from shared.forms.printing import wanted

ODD = "龘 𠮷 😀\u200d👧 مرحبا e\u0301 한 \u202e x\x01y a\u200bb \u2028 ⽅ ﬁ \ufeff\tz"


def a_form(*rows: Row, **facts: Any) -> dict[str, Any]:
    told: dict[str, Any] = {
        "title": "顾客投诉登记表",
        "number": "C-1",
        "unit": "headquarters",
        "printed_at": "2026年1月5日",
        "printed_by": "s-1",
    }
    return Form(**told | {"rows": list(rows)} | facts).model_dump(mode="json")


def read(file: bytes) -> list[str]:
    """What a stranger reads on each page."""
    document = pypdfium2.PdfDocument(file)
    pages = []
    for n in range(len(document)):
        page = document[n]
        text = page.get_textpage()
        pages.append(text.get_text_range().replace("\ufffe", "-"))
        text.close()
        page.close()
    document.close()
    return pages


def seen(text: str) -> Counter[str]:
    """Characters that leave ink; letters that look alike are one."""
    return Counter(it for it in unicodedata.normalize("NFKC", "".join(map(printable, lines_of(text)))) if not it.isspace() and it != UNSEEN)


def lost(text: str, pages: list[str]) -> Counter[str]:
    return seen(text) - seen("".join(pages))


def test_what_is_known_is_on_the_page_with_its_label_its_number_and_the_page() -> None:
    rows = [
        Line(label="投诉人", value="李"),
        Exact(label="订单号", exact="13800138000"),
        Words(label="投诉内容", text="弯了。"),
        Signature(label="顾客签名"),
    ]
    (page,) = read(pdf.drawn(a_form(*rows)))
    for part in (
        "顾客投诉登记表",
        "编号：C-1",
        "投诉人",
        "李",
        "13800138000",
        "弯了。",
        "签名：",
        "日期：",
        "第1页共1页",
        "打印：2026年1月5日",
    ):
        assert part in re.sub(r"\s", "", page)


def test_what_is_masked_everywhere_is_masked_on_paper() -> None:
    rows = [Line(label="投诉人", value="李 13800138000"), Words(label="投诉内容", text="打 13800138000")]
    for told in (html.page(a_form(*rows)), *read(pdf.drawn(a_form(*rows)))):
        assert "13800138000" not in told and "138****8000" in told


def test_a_character_without_a_glyph_is_shown_by_its_code_and_a_note_says_so() -> None:
    (page,) = read(pdf.drawn(a_form(Words(label="内容", text=ODD))))
    told = " ".join(page.split())
    assert (
        "龘" in told
        and "〔U+20BB7〕" in told
        and "〔U+1F600 U+200D U+1F467〕" in told
        and "〔U+202E〕" in told
        and "é" in told
        and "ab" in told
    )
    assert FOOTNOTE[:6] in told and "�" not in told
    (page,) = read(pdf.drawn(a_form(Words(label="内容", text="龘"))))
    assert FOOTNOTE[:6] not in page


def test_long_texts_long_words_and_fifty_notes_flow_over_pages_without_loss() -> None:
    story = "".join(f"第{n}句：钢卷弯了，SO-{n}。" for n in range(700))[:10_000]
    word = "".join(chr(97 + n % 26) for n in range(5_000))
    notes = [f"第{n}条" * 20 for n in range(50)]
    rows = [
        Words(label="投诉内容", text=story),
        Words(label="长词", text=word),
        *(Words(label=f"意见{n}", text=it) for n, it in enumerate(notes)),
    ]
    pages = read(pdf.drawn(a_form(*rows)))
    assert len(pages) > 8 and not lost(story + word + "".join(notes), pages)
    assert all(f"第{n}页共{len(pages)}页" in re.sub(r"\s", "", page) for n, page in enumerate(pages, 1))
    assert "投诉内容（续）" in re.sub(r"\s", "", pages[1])
    told = re.sub(r"\s", "", "".join(pages))
    assert story in re.sub(r"编号：C-1部门：headquarters|投诉内容（续）|打印：2026年1月5日s-1第\d+页共\d+页", "", told)


@settings(max_examples=8, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(st.text(max_size=150), min_size=3, max_size=8), st.text(st.sampled_from("钢卷，。（）“”a-Z 1\n"), max_size=400))
def test_no_character_is_lost(anything: list[str], usual: str) -> None:
    rows = [Line(label="备注", value=usual), *(Words(label="内容", text=it) for it in anything)]
    assert not lost("\n".join([*anything, usual]), read(pdf.drawn(a_form(*rows))))


@given(st.text(st.sampled_from("钢卷，。（）“”ab- ，\u0301\u200b")), st.integers(2, 12))
def test_lines_joined_are_the_text_and_end_where_they_may(text: str, width: int) -> None:
    lines = broken(text, width, lambda it: 0.0 if it == UNSEEN or unicodedata.combining(it) else 1.0)
    assert "".join(lines) == text
    assert all(sum(it != UNSEEN and not unicodedata.combining(it) for it in line.rstrip()) <= width for line in lines)


def test_a_line_begins_with_no_closing_mark_where_there_is_another_way() -> None:
    lines = broken("钢卷弯了，请换货。（谢谢）！" * 5, 6, lambda _: 1.0)
    assert len(lines) > 5 and not [it for it in lines if it[0] in BEGINS_NONE or it[-1] == "（"]


def test_every_character_of_our_own_has_a_glyph() -> None:
    assert all(font_of(it) for it in FOOTNOTE + "第页共编号部门打印签名日期年月（续）：")


def test_html_is_text_and_its_own_style_alone() -> None:
    nasty = "<script>alert(1)</script><img src=//x>{{ 7*7 }}\" onload='x'"
    told = html.page(
        a_form(Line(label=nasty, value=nasty), Words(label="内容", text=nasty + ODD), Signature(label="签名"), title=nasty, number=nasty)
    )
    tags: list[tuple[str, Any]] = []
    text: list[str] = []
    parser = HTMLParser()
    parser.handle_starttag = lambda tag, attributes: tags.append((tag, attributes))  # type: ignore[method-assign]
    parser.handle_data = text.append  # type: ignore[method-assign]
    parser.feed(told)
    assert {tag for tag, _ in tags}.isdisjoint({"script", "img", "link", "iframe"}) and "".join(text).count(nasty) == 7
    assert not [it for _, attributes in tags for it in attributes if it[0].startswith("on") or it[0] in ("src", "href", "style")]
    assert html.STYLE in told and "@page { size: A4" in told and "unsafe" not in html.POLICY


async def test_the_better_wanted_is_given() -> None:
    browser = "text/html,application/xhtml+xml,*/*;q=0.8"
    for accept, kind in [
        (None, "html"),
        ("*/*", "html"),
        (browser, "html"),
        ("application/*;q=0.5, text/html;q=0.2", "pdf"),
        ("nonsense", "html"),
    ]:
        assert await wanted(accept) == kind
    assert await wanted(browser, "pdf") == "pdf"


async def test_it_is_drawn_in_a_process_of_its_own() -> None:
    assert (await result(pdf.write, a_form(Words(label="内容", text="弯了。")))).startswith(b"%PDF-")
