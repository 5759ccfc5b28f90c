"""Values as people write them in spreadsheets, read into what they mean. Each says what is wrong with one, and what to write instead.

A reader is never given an empty cell. What a spreadsheet has as a date comes as ISO 8601, a number without its useless `.0`, yes and no as TRUE and FALSE.
Dates are read in `reading_times.py`, telephone numbers in `reading_phones.py`.
"""

import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
MADE_OF_A_NUMBER = re.compile(r"\d(\.\d+)?E\+\d+")  # 1.00023E+11: how a spreadsheet shows a long id that it took for a number
SLUG = re.compile(r"[a-z0-9][a-z0-9_-]{0,31}")
EMAIL = re.compile(r"[^\s@<>,;:\"]+@[^\s@<>,;:\"]+")
BETWEEN = re.compile(r"[、;；，,\n]+")
MONEY = re.compile(r"(?P<sign>[-+]?)(?P<whole>\d{1,3}(?:,\d{3})+|\d+)(?P<part>\.\d+)?")
CURRENCIES = {
    "元": "CNY", "人民币": "CNY", "RMB": "CNY", "¥": "CNY", "$": "USD", "US$": "USD", "美元": "USD", "€": "EUR", "欧元": "EUR", "£": "GBP",
    "港元": "HKD", "港币": "HKD", "HK$": "HKD", "日元": "JPY",
}  # fmt: skip
YES = frozenset(("是", "有", "对", "真", "y", "yes", "true", "t", "1", "✓", "√"))
NO = frozenset(("否", "无", "没有", "错", "假", "n", "no", "false", "f", "0", "✗", "×"))


HOME = ZoneInfo("Asia/Shanghai")


class Unreadable(ValueError):
    """A value that means nothing here."""

    def __init__(self, message: str, fix: str) -> None:
        super().__init__(message, fix)
        self.message, self.fix = message, fix


class Ambiguous(Unreadable):
    """A value that means several things; which, holds for its whole column and is said once for it."""


@dataclass(frozen=True, slots=True)
class Reading:
    """How the cells of one column are to be read."""

    zone: ZoneInfo = HOME  # of times without an offset
    country: str = "86"  # of telephone numbers that do not say theirs ...
    area: str | None = None  # ... and the area code of those that have none: 010
    format: str | None = None  # of its dates: MM/DD/YYYY


Reader = Callable[[str, Reading], Any]


def text(longest: int) -> Reader:
    def read(told: str, _: Reading) -> str:
        told = told.replace("\r\n", "\n").replace("\r", "\n") if "\r" in told else told
        if CONTROL.search(told):
            refuse_control(told)
        if len(told) > longest:
            raise Unreadable(f"It has {len(told)} characters, and {longest} are kept.", "Shorten it.")
        return told

    return read


def refuse_control(told: str) -> None:
    found = CONTROL.search(told)
    if found:
        raise Unreadable(
            f"It contains the character U+{ord(found[0]):04X}, which nobody can see or type.",
            "Type the cell anew, without what was pasted.",
        )


def identifier(longest: int = 64) -> Reader:
    """An id stays as it stands: 1E5 and 007 are ids."""

    def read(told: str, _: Reading) -> str:
        refuse_control(told)
        if MADE_OF_A_NUMBER.fullmatch(told):
            raise Unreadable(
                "A spreadsheet took this id for a number and has lost its end.", "Make the column a text column and enter the id anew."
            )
        if len(told) > longest or "\n" in told:
            raise Unreadable(f"An id is one line of at most {longest} characters.", "Take the id as the system has it.")
        return told

    return read


def slug(told: str, _: Reading) -> str:
    if not SLUG.fullmatch(told):
        raise Unreadable(
            "It is no code: lower-case letters, digits, hyphen and underscore, at most 32.",
            "Write the code, or say in `values` which code this word stands for."
        )  # fmt: skip
    return told


def one_of(*codes: str) -> Reader:
    known = {code.casefold(): code for code in codes}

    def read(told: str, _: Reading) -> str:
        found = known.get(told.casefold())
        if found is None:
            raise Unreadable(
                "This word is not known here.", f"Write one of {', '.join(codes)}, or say in `values` which of them it stands for."
            )
        return found

    return read


def words(reader: Reader) -> Reader:
    """Several in one cell."""

    def read(told: str, how: Reading) -> list[Any]:
        return list(dict.fromkeys(reader(it.strip(), how) for it in BETWEEN.split(told) if it.strip()))

    return read


def email(told: str, _: Reading) -> str:
    if len(told) > 254 or not EMAIL.fullmatch(told) or CONTROL.search(told):
        raise Unreadable("It is no e-mail address.", "Write it as name@example.com; several are separated by a semicolon.")
    return told


def emails(told: str, how: Reading) -> list[str]:
    return list(dict.fromkeys(email(it, how) for part in BETWEEN.split(told) for it in part.split()))


def plain(told: str) -> str:
    """Full-width digits and signs as everybody's, without spaces."""
    return "".join(unicodedata.normalize("NFKC", told).split())


def money(told: str, _: Reading) -> Decimal:
    """1234.5, 1,234.50, ￥1234.50, 1234.5元: a comma stands between thousands, a point before the part of one."""
    bare = re.sub(
        r"^([-+]?)(US\$|HK\$|[¥$€£]|RMB|CNY|USD|EUR)|(人民币|元整?|RMB|CNY|USD|EUR)$", r"\1", plain(told).replace("\uffe5", "¥").upper()
    )
    found = MONEY.fullmatch(bare)
    if not found:
        raise Unreadable("It is no amount of money.", "Write digits with a point before the part of one: 1234.50.")
    digits, part = found["whole"].replace(",", ""), (found["part"] or "").rstrip("0")
    if len(digits) > 14 or len(part) > 5:
        raise Unreadable("An amount has at most 14 digits before the point and 4 behind it.", "Write fewer digits: 1234.5678.")
    return Decimal(f"{found['sign']}{digits}{part if part != '.' else ''}")


def currency(told: str, _: Reading) -> str:
    bare = plain(told).upper()
    code = CURRENCIES.get(bare, bare)
    if not re.fullmatch(r"[A-Z]{3}", code):
        raise Unreadable("It is no currency.", "Write its code of ISO 4217: CNY.")
    return code


def whole(told: str, _: Reading) -> int:
    bare = plain(told).replace(",", "")
    if not re.fullmatch(r"\d{1,9}(\.0+)?", bare):
        raise Unreadable("It is no whole number from 0 to 999999999.", "Write digits alone: 12.")
    return int(bare.partition(".")[0])


def boolean(told: str, _: Reading) -> bool:
    bare = plain(told).casefold()
    if bare not in YES and bare not in NO:
        raise Unreadable("It says neither yes nor no.", "Write 是 or 否, yes or no.")
    return bare in YES
