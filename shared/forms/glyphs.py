"""What our font can print: a character that it lacks is shown by its code point, never as a hole.

Noto Sans SC holds what Chinese is written with, 30,000 characters; a name may have one more, and a message an emoji."""

import re
import unicodedata
from functools import cache
from pathlib import Path

import pylopdf_fonts_zh_cn as fonts
from fontTools.ttLib import TTFont

FONTS: dict[str, Path] = {"sans": fonts.sans_path(), "serif": fonts.serif_path()}  # the first that has a character prints it
UNSEEN = "\u200b"  # a place where a line may end; nothing is printed there
NEWLINES = re.compile("\r\n|[\n\r\v\f\x85\u2028\u2029]")
NOTHING = str.maketrans(dict.fromkeys("\ufeff\u2060\u00ad") | {"\t": "    "})  # they say how to break a line, which is our concern
COMPOSABLE = re.compile("[^\u0300-\u036f][\u0300-\u036f]+")  # a letter with its accents: most are one character, too
FOOTNOTE = "注：〔U+…〕为打印字体中没有的字符，以其 Unicode 码位表示。"


@cache
def has(font: str) -> frozenset[int]:
    with TTFont(FONTS[font], lazy=True) as file:
        return frozenset(file.getBestCmap())


def font_of(character: str) -> str | None:
    return next((name for name in FONTS if ord(character) in has(name)), None)


def lines_of(text: str) -> list[str]:
    return NEWLINES.split(text)


def printable(line: str) -> str:
    """The same with code points for what no font has: U+20BB7 in brackets, several in a row in one pair. Of one line."""
    line = COMPOSABLE.sub(lambda found: unicodedata.normalize("NFC", found[0]), line.translate(NOTHING))
    said, missing = [], list[str]()
    for character in line:
        if character != UNSEEN and font_of(character) is None:
            missing.append(f"U+{ord(character):04X}")
            continue
        said += [*bracketed(missing), character]
        missing.clear()
    return "".join([*said, *bracketed(missing)])


def bracketed(missing: list[str]) -> list[str]:
    return [f"〔{' '.join(missing)}〕"] if missing else []
