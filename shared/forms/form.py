"""A form as data: a title, rows in a table, lines to sign on. Who draws it, as HTML or as PDF, knows nothing else.

Every word on it is masked as it is shown, whoever filled it in: paper is no way around a mask.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Literal
from zoneinfo import ZoneInfo

from pydantic import Field

from shared.http import View
from shared.masking import MaskedText, masked_text


class Line(View):
    """One thing that is known, short as a rule; two of them stand side by side. Empty: for a pen."""

    kind: Literal["line"] = "line"
    label: MaskedText
    value: MaskedText = ""


class Exact(View):
    """The same of a number or code that is no person's, so that nothing in it is taken for a telephone."""

    kind: Literal["line"] = "line"
    label: MaskedText
    exact: str


class Words(View):
    """What somebody said, as long as it may be."""

    kind: Literal["words"] = "words"
    label: MaskedText
    text: MaskedText = ""


class Signature(View):
    """A line to sign on, and the day."""

    kind: Literal["signature"] = "signature"
    label: MaskedText


Row = Annotated[Line | Exact | Words | Signature, Field(union_mode="smart")]


class Form(View):
    """A sheet of paper, or several."""

    title: MaskedText
    number: str
    unit: str
    rows: list[Row]
    printed_at: MaskedText
    printed_by: str


def moment(at: datetime | None, zone: ZoneInfo) -> str:
    """As a clock on the unit's wall said: `2026年1月5日 09:30`. Nothing where it never was."""
    if at is None:
        return ""
    there = at.astimezone(zone)
    return f"{there.year}年{there.month}月{there.day}日 {there:%H:%M}"


def in_words(code: object, words: dict[str, str]) -> str:
    """What a code is called on paper; one that has no name there stands as it is."""
    return "" if code is None else words.get(str(code), str(code))


def spoken(rows: Sequence[Words], *, otherwise: Sequence[str]) -> list[Words]:
    """What was said; and an empty space for each of these labels under which nobody said anything."""
    labels = {it.label for it in rows}
    return [*rows, *(Words(label=it) for it in otherwise if it not in labels)]


def signed(text: str, by: str | None, at: str) -> str:
    """What was said, and under it who wrote it down and when."""
    return f"{masked_text(text)}\n（{'，'.join(it for it in (by, at) if it)}）"
