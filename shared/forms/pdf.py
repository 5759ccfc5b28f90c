"""A form as PDF, A4. It takes the better part of a second, so it runs in a process of its own (`shared/apart.py`)."""

from collections.abc import Callable, Iterator, Mapping
from functools import cache
from itertools import groupby
from typing import Any

from fpdf import FPDF

from shared.forms.glyphs import FONTS, font_of
from shared.forms.layout import INSIDE, PAGE, PLAIN, SIDE, SMALL, STEP, Cell, Layout, Mark, Sheet

BASE = 4.1  # from the top of a line to what its letters stand on
SHADED = 238
THIN, THICK = 0.2, 0.5


def write(send: Callable[[bytes], None], form: Mapping[str, Any]) -> None:
    """What `Form.model_dump()` says, on paper."""
    send(drawn(form))


def drawn(form: Mapping[str, Any]) -> bytes:
    pdf = FPDF(format="A4")
    pdf.set_auto_page_break(False)
    pdf.set_title(f"{form['title']} {form['number']}")
    pdf.set_lang("zh-CN")
    pdf.set_creator("Careloop")
    use(pdf, "sans", PLAIN)

    @cache
    def wide(character: str, size: float) -> float:
        name = font_of(character)
        if name is None:
            return 0.0
        use(pdf, name, size)
        return float(pdf.get_string_width(character))

    sheets = Layout(form, wide).laid()
    for n, sheet in enumerate(sheets, 1):
        pdf.add_page()
        draw(pdf, sheet, wide)
        foot = PAGE[1] - 14
        mark(pdf, Mark(foot, f"打印：{form['printed_at']}  {form['printed_by']}", SMALL), wide)
        mark(pdf, Mark(foot, f"第 {n} 页 共 {len(sheets)} 页", SMALL, "R"), wide)
    return bytes(pdf.output())


def use(pdf: FPDF, name: str, size: float) -> None:
    """A font is read when something needs it."""
    if name not in pdf.fonts:
        pdf.add_font(name, fname=str(FONTS[name]))
    pdf.set_font(name, size=size)


def draw(pdf: FPDF, sheet: Sheet, wide: Callable[[str, float], float]) -> None:
    for it in sheet.marks:
        mark(pdf, it, wide)
    pdf.set_line_width(THIN)
    for cell in sheet.cells:
        pdf.set_fill_color(SHADED)
        pdf.rect(cell.x, cell.y, cell.width, cell.height, style="DF" if cell.is_label else "D")
        filled(pdf, cell, wide)
    if sheet.cells:
        first, last = sheet.cells[0], sheet.cells[-1]
        pdf.set_line_width(THICK)
        pdf.rect(SIDE, first.y, PAGE[0] - 2 * SIDE, last.y + last.height - first.y)


def filled(pdf: FPDF, cell: Cell, wide: Callable[[str, float], float]) -> None:
    """Labels in the middle of their cell, words from its top."""
    spare = cell.height - 2 * INSIDE - len(cell.lines) * STEP
    y = cell.y + INSIDE + BASE + (spare / 2 if cell.is_label else 0)
    for n, line in enumerate(cell.lines):
        long = sum(wide(it, PLAIN) for it in line) if cell.is_label else 0
        x = cell.x + (cell.width - long) / 2 if cell.is_label else cell.x + INSIDE
        put(pdf, x, y + n * STEP, line, PLAIN, wide)


def mark(pdf: FPDF, it: Mark, wide: Callable[[str, float], float]) -> None:
    spare = PAGE[0] - 2 * SIDE - sum(wide(character, it.size) for character in it.text)
    x = SIDE + {"L": 0.0, "C": spare / 2, "R": spare}[it.align]
    put(pdf, x, it.y + BASE, it.text, it.size, wide)


def put(pdf: FPDF, x: float, y: float, text: str, size: float, wide: Callable[[str, float], float]) -> None:
    for name, part in runs(text):
        use(pdf, name, size)
        pdf.text(x, y, part)
        x += sum(wide(it, size) for it in part)


def runs(text: str) -> Iterator[tuple[str, str]]:
    """Parts that one font prints."""
    for name, part in groupby(text, lambda it: font_of(it) or "sans"):
        yield name, "".join(part)
