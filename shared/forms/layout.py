"""A form on pages: what stands where, in millimetres, before anything is drawn. A row that is longer than a page goes on at the next one."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from shared.forms.breaking import broken
from shared.forms.glyphs import FOOTNOTE, UNSEEN, lines_of, printable

PAGE, TOP, BOTTOM, SIDE = (210.0, 297.0), 18.0, 20.0, 18.0
WIDTH = PAGE[0] - 2 * SIDE
LABEL = 28.0  # of a label's cell
STEP, INSIDE = 5.6, 2.0  # from line to line; between a cell's edge and its text
LEAST = 2  # lines of a text that are kept together
FOR_A_PEN = ["", "", ""]  # where nobody has said anything yet
SIGNED = 18.0
TITLE, PLAIN, SMALL = 18.0, 10.0, 8.5  # points
Wide = Callable[[str, float], float]  # of a character in this size


@dataclass(frozen=True, slots=True)
class Cell:
    x: float
    y: float
    width: float
    height: float
    lines: Sequence[str]
    is_label: bool = False


@dataclass(frozen=True, slots=True)
class Mark:
    """Text outside the table. `align`: where in the page's width."""

    y: float
    text: str
    size: float
    align: str = "L"


@dataclass(slots=True)
class Sheet:
    cells: list[Cell] = field(default_factory=list)
    marks: list[Mark] = field(default_factory=list)


class Layout:
    """Fills sheets from above."""

    def __init__(self, form: Mapping[str, Any], wide: Wide) -> None:
        self.form, self.wide, self.sheets, self.y, self.lacks = form, wide, list[Sheet](), 0.0, False

    def laid(self) -> list[Sheet]:
        self.turn()
        for row in grouped(self.form["rows"], self.fits):
            match row:
                case [{"kind": "signature", "label": label}]:
                    self.signature(label)
                case [one]:
                    self.flowing(one["label"], said(one))
                case pair:
                    self.pair(pair)
        if self.lacks:
            if self.left() < STEP:
                self.turn()
            self.sheets[-1].marks.append(Mark(self.y + 1.5, FOOTNOTE, SMALL))
        return self.sheets

    def left(self) -> float:
        return PAGE[1] - BOTTOM - self.y

    def turn(self) -> None:
        """A new sheet, with the title on the first, and the number on all."""
        sheet = Sheet()
        if not self.sheets:
            sheet.marks.append(Mark(TOP, self.one_line(self.form["title"]), TITLE, "C"))
        self.y = TOP + (12.0 if not self.sheets else 0.0)
        sheet.marks.append(Mark(self.y, self.one_line(f"编号：{self.form['number']}"), PLAIN))
        sheet.marks.append(Mark(self.y, self.one_line(f"部门：{self.form['unit']}"), PLAIN, "R"))
        self.y += 7.0
        self.sheets.append(sheet)

    def one_line(self, text: str) -> str:
        return self.seen(" ".join(lines_of(text)))

    def seen(self, line: str) -> str:
        shown = printable(line)
        self.lacks = self.lacks or shown.count("〔U+") > line.count("〔U+")
        return shown

    def text(self, text: str, width: float) -> list[str]:
        """In lines for a cell of this width."""
        room = width - 2 * INSIDE
        found = (broken(self.seen(it), room, lambda character: self.wide(character, PLAIN)) for it in lines_of(text))
        return [it.replace(UNSEEN, "") for lines in found for it in lines]

    def fits(self, row: Mapping[str, Any]) -> bool:
        """In half the width?"""
        return len(self.text(said(row), WIDTH / 2 - LABEL)) <= 2 and len(self.text(row["label"], LABEL)) <= 2

    def pair(self, rows: Sequence[Mapping[str, Any]]) -> None:
        width = WIDTH / 2 - LABEL
        told = [(self.text(it["label"], LABEL), self.text(said(it), width)) for it in rows]
        height = max(len(lines) for cells in told for lines in cells) * STEP + 2 * INSIDE
        if self.left() < height:
            self.turn()
        for n, (label, value) in enumerate(told):
            x = SIDE + n * WIDTH / 2
            self.put(x, LABEL, height, label, is_label=True)
            self.put(x + LABEL, width, height, value)
        self.y += height

    def flowing(self, label: str, text: str) -> None:
        """Over as many sheets as it needs; each says again what it is."""
        names, lines = self.text(label, LABEL), self.text(text, WIDTH - LABEL) if text else FOR_A_PEN
        while True:
            least = max(len(names), min(LEAST, len(lines)))
            if self.left() < least * STEP + 2 * INSIDE:
                self.turn()
            here = int((self.left() - 2 * INSIDE) / STEP)
            if here < len(lines) < here + LEAST and here > LEAST:
                here = len(lines) - LEAST  # no line goes over alone
            part, lines = lines[:here], lines[here:]
            height = max(len(part), len(names)) * STEP + 2 * INSIDE
            self.put(SIDE, LABEL, height, names, is_label=True)
            self.put(SIDE + LABEL, WIDTH - LABEL, height, part)
            self.y += height
            if not lines:
                return
            names = self.text(f"{label}（续）", LABEL)

    def signature(self, label: str) -> None:
        if self.left() < SIGNED:
            self.turn()
        self.put(SIDE, LABEL, SIGNED, self.text(label, LABEL), is_label=True)
        self.put(SIDE + LABEL, WIDTH - LABEL, SIGNED, ["", "签名：" + " " * 58 + "日期：          年      月      日"])
        self.y += SIGNED

    def put(self, x: float, width: float, height: float, lines: Sequence[str], *, is_label: bool = False) -> None:
        self.sheets[-1].cells.append(Cell(x, self.y, width, height, lines, is_label))


def said(row: Mapping[str, Any]) -> str:
    return str(row.get("exact", row.get("value", row.get("text", ""))))


def grouped(rows: Sequence[Mapping[str, Any]], fits: Callable[[Mapping[str, Any]], bool]) -> Iterator[list[Mapping[str, Any]]]:
    """Short lines two by two; whatever is longer stands alone."""
    waiting: Mapping[str, Any] | None = None
    for row in rows:
        if row["kind"] == "line" and fits(row):
            if waiting is None:
                waiting = row
            else:
                yield [waiting, row]
                waiting = None
            continue
        if waiting is not None:
            yield [waiting]
            waiting = None
        yield [row]
    if waiting is not None:
        yield [waiting]
