"""Telephone numbers as people write them, several in a cell, read into numbers as E.164 writes them. An extension is left out: nobody outside can dial it."""

import re

from shared.imports.reading_values import Reading, Unreadable, plain

BETWEEN = re.compile(r"[、;；，,|/\n]+|或者?|\s{2,}")
NOTE = re.compile(r"[(（][^)）\d]*[)）]")  # a word about a number in brackets
EXTENSION = re.compile(r"(转|分机|ext\.?|x|#)\s*[\d、]*$", re.IGNORECASE)
WRITTEN_BEHIND = re.compile(r"(?<=\d{7})-\d{1,5}$")  # 64045361-3015
MARKS = re.compile(r"[-.()\s]")
FIX = "Write it with its country or area code: +862155550100 or 021-55550100; several are separated by a semicolon."
CHINA = "86"
LONGEST = 500  # characters of a cell; some of the patterns would take long over a page
MOBILE, LANDLINE, SERVICE, LOCAL = (
    re.compile(it) for it in (r"1[3-9]\d{9}", r"0(10|2\d|[3-9]\d{2})\d{7,8}", r"[48]00\d{7}|9[56]\d{3,6}", r"[2-9]\d{6,7}")
)  # fmt: skip


def phones(told: str, how: Reading) -> list[str]:
    if len(told) > LONGEST:
        raise Unreadable("It is too long for telephone numbers.", FIX)
    found: list[str] = []
    area = how.area
    for part in BETWEEN.split(NOTE.sub("", told)):
        for piece in pieces(part.strip(), how, area):
            number, area = piece[0], piece[1] or area
            found.append(number)
    if not found:
        raise Unreadable("It is no telephone number.", FIX)
    return list(dict.fromkeys(found))


def pieces(part: str, how: Reading, area: str | None) -> list[tuple[str, str | None]]:
    """One number that is written with spaces, or several with spaces between them."""
    if not part:
        return []
    if (whole := number(part, how, area)) is not None:
        return [whole]
    several = part.split()
    found = [number(it, how, area) for it in several]
    if len(several) < 2 or None in found:
        raise Unreadable(wrong(part, how), FIX)
    return [it for it in found if it is not None]


def number(told: str, how: Reading, area: str | None) -> tuple[str, str | None] | None:
    """The number, and its area code if it has one, for those behind it that have none. None: it is no number."""
    bare = plain(told)
    without = EXTENSION.sub("", bare)
    digits = MARKS.sub("", without if without else bare)
    if digits.startswith(("+", "00")):
        rest = digits.removeprefix("+") if digits.startswith("+") else digits[2:]
        if rest.startswith(CHINA):
            return national(rest.removeprefix(CHINA), WRITTEN_BEHIND.search(without), CHINA, area)
        return (f"+{rest}", None) if re.fullmatch(r"[1-9]\d{6,14}", rest) else None
    return national(digits, WRITTEN_BEHIND.search(without), how.country, area)


def national(digits: str, behind: re.Match[str] | None, country: str, area: str | None) -> tuple[str, str | None] | None:
    if not re.fullmatch(r"\d+", digits):
        return None
    if country != CHINA:
        rest = digits.removeprefix("0")
        return (f"+{country}{rest}", None) if 4 <= len(rest) <= 15 - len(country) else None
    found = chinese(digits, area)
    if found is None and behind:
        found = chinese(digits[: -(len(behind[0]) - 1)], area)
    return found


def chinese(digits: str, area: str | None) -> tuple[str, str | None] | None:
    if MOBILE.fullmatch(digits) or SERVICE.fullmatch(digits):
        return f"+86{digits}", None
    if LANDLINE.fullmatch(digits):
        return f"+86{digits[1:]}", digits[: 3 if digits[1] in "12" else 4]
    if re.fullmatch(r"(10|2\d|[3-9]\d{2})\d{7,8}", digits) and len(digits) >= 10:  # behind +86 the area code has lost its 0
        return f"+86{digits}", None
    if LOCAL.fullmatch(digits) and area:
        return f"+86{area.removeprefix('0')}{digits}", area
    return None


def wrong(part: str, how: Reading) -> str:
    if how.country == CHINA and LOCAL.fullmatch(WRITTEN_BEHIND.sub("", EXTENSION.sub("", plain(part)))):
        return "The telephone number has no area code."
    return "It is no telephone number."
