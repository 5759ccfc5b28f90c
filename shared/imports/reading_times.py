"""Days and moments as people write them. What could be read in two ways is not guessed: the import asks once for the whole column."""

import re
from datetime import UTC, date, datetime, time
from functools import lru_cache
from zoneinfo import ZoneInfo

from shared.imports.reading_values import Ambiguous, Reading, Unreadable, plain

DAY_FIX = "Write it as 2026-01-05."
LONGEST = 100  # characters
TIME_FIX = "Write it as 2026-01-05 10:30, with an offset where it is another zone's: 2026-01-05T10:30:00+08:00."
SAY = "Say the format of the column in `formats`, for example {example}."
YEAR_FIRST = re.compile(r"(\d{4})\s*[-/.年]\s*(\d{1,2})\s*[-/.月]\s*(\d{1,2})(?:\s*日)?")
EIGHT = re.compile(r"((?:19|20|21)\d{2})(\d{2})(\d{2})")
YEAR_LAST = re.compile(r"\d{1,2}[-/.]\d{1,2}[-/.]\d{2,4}")
SIX = re.compile(r"\d{6}")
CLOCK = re.compile(
    r"(?P<half>上午|下午|中午|晚上|凌晨)?\s*(?P<hour>\d{1,2})[:：时点](?P<minute>\d{2})?(?:[:：分](?P<second>\d{2})?(?:[.,](?P<part>\d{1,9}))?)?秒?\s*(?P<ampm>[AaPp]\.?[Mm]\.?)?"
    r"\s*(?P<offset>[Zz]|[+-]\d{2}:?\d{2})?"
)
MONTHS = {name: n for n, name in enumerate(["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"], 1)}
TOKENS = {
    "YYYY": r"(?P<year>\d{4})", "YY": r"(?P<year>\d{2})", "MMM": r"(?P<name>[A-Za-z]{3,9})\.?", "MM": r"(?P<month>\d{1,2})", "M": r"(?P<month>\d{1,2})",
    "DD": r"(?P<day>\d{1,2})", "D": r"(?P<day>\d{1,2})",
}  # fmt: skip
TOKEN = re.compile("YYYY|YY|MMM|MM|M|DD|D")


class FormatUnknown(ValueError):
    """A format names a day by YYYY or YY, MM (or MMM for its English name) and DD, each once: MM/DD/YYYY. Several are separated by |."""


@lru_cache(maxsize=256)
def patterns(format: str) -> tuple[re.Pattern[str], ...]:
    """What a format takes; a time of day may stand behind any of them."""
    found = []
    for one in format.upper().split("|"):
        tokens = TOKEN.findall(one)
        kinds = sorted("Y" if it[0] == "Y" else it[0] for it in tokens)
        rest = TOKEN.split(one.strip())
        if kinds not in (["D", "M", "Y"], ["M", "Y"]) or any(re.search(r"[A-Z0-9]", it) for it in rest):
            raise FormatUnknown(FormatUnknown.__doc__)
        exact = all(not it for it in rest)  # 260105: nothing but the number of digits tells them apart
        parts = [re.escape(rest[0].strip())]
        for token, behind in zip(tokens, rest[1:], strict=True):
            piece = TOKENS[token]
            parts.append(piece.replace("{1,2}", "{2}") if exact and len(token) == 2 else piece)
            parts.append(r"\s+" if behind and not behind.strip() else re.escape(behind.strip()) and rf"\s*{re.escape(behind.strip())}\s*")
        found.append(re.compile("".join(parts).removesuffix(r"\s*")))
    return tuple(found)


def day(told: str, how: Reading) -> date:
    found, rest = split(told, how.format)
    if rest and not CLOCK.fullmatch(rest.strip(" Tt,")):
        raise Unreadable("It is no date.", DAY_FIX)
    return found


def moment(told: str, how: Reading) -> datetime:
    """A day alone begins at 00:00 in the zone."""
    found, rest = split(told, how.format)
    return at_time(found, rest.strip(" Tt,"), how.zone)


def moment_or_day(told: str, how: Reading) -> datetime | date:
    found, rest = split(told, how.format)
    rest = rest.strip(" Tt,")
    return at_time(found, rest, how.zone) if rest else found


def split(told: str, format: str | None) -> tuple[date, str]:
    """The day, and what stands behind it."""
    if len(told) > LONGEST:
        raise Unreadable("It is no date.", DAY_FIX)
    told = told if told.isascii() else normal(told)
    if format:
        for pattern in patterns(format):
            if (found := pattern.match(told)) and not told[found.end() : found.end() + 1].isdigit():
                return by_name(found.groupdict()), told[found.end() :]
        if not YEAR_FIRST.match(told):  # what a spreadsheet has as a date says itself what it is
            raise Unreadable(f"It is no date as {format} has it.", f"Write it as {format}, or as 2026-01-05.")
    for known in (YEAR_FIRST, EIGHT):
        if (found := known.match(told)) and not told[found.end() : found.end() + 1].isdigit():
            year, month, on = map(int, found.groups())
            return a_day(year, month, on), told[found.end() :]
    if YEAR_LAST.match(told):
        raise Ambiguous("Day and month of this date could be meant either way.", SAY.format(example="MM/DD/YYYY"))
    if SIX.fullmatch(told):
        raise Ambiguous("Six digits can be a month or a day, with the year first or last.", SAY.format(example="YYMMDD"))
    raise Unreadable("It is no date.", DAY_FIX)


DATES = frozenset((day, moment, moment_or_day))  # the readers that may ask what is meant


def clear(told: str, format: str | None) -> None:
    """Asks where it could be read in several ways; what else is wrong with it is told with its row."""
    try:
        split(told, format)
    except Ambiguous:
        raise
    except Unreadable:
        pass


def normal(told: str) -> str:
    return " ".join(plain(part) for part in told.split())


def by_name(found: dict[str, str | None]) -> date:
    year, month, on = int(found["year"] or 0), found.get("month"), found.get("day")
    if len(found["year"] or "") == 2:
        year += 2000 if year < 70 else 1900
    if name := found.get("name"):
        month = str(MONTHS.get(name[:3].lower(), 0))
    return a_day(year, int(month or 0), int(on or 1))


def a_day(year: int, month: int, on: int) -> date:
    if not 1900 <= year <= 2199:
        raise Unreadable("Its year is not from 1900 to 2199.", DAY_FIX)
    try:
        return date(year, month, on)
    except ValueError:
        raise Unreadable("The calendar has no such day.", DAY_FIX) from None


def at_time(on: date, rest: str, zone: ZoneInfo) -> datetime:
    if not rest:
        return placed(datetime.combine(on, time()), zone)
    found = CLOCK.fullmatch(rest)
    if not found:
        raise Unreadable("It has no time of day that can be read.", TIME_FIX)
    hour, minute, second = int(found["hour"]), int(found["minute"] or 0), int(found["second"] or 0)
    if (half := (found["ampm"] or "")[:1].lower() or found["half"]) and hour <= 12:
        hour = hour % 12 + (12 if half in ("p", "下午", "晚上") or (half == "中午" and hour % 12 < 11) else 0)
    try:
        moment = datetime.combine(on, time(hour, minute, second, int((found["part"] or "0")[:6].ljust(6, "0"))))
        if (offset := found["offset"]) is None:
            return placed(moment, zone)
        return datetime.fromisoformat(f"{moment.isoformat()}{offset.upper()}").astimezone(UTC)
    except ValueError as error:
        if isinstance(error, Unreadable):
            raise
        raise Unreadable("The clock has no such time.", TIME_FIX) from None


def placed(moment: datetime, zone: ZoneInfo) -> datetime:
    """In UTC. A time that the change of the clock skips or brings twice is nobody's to guess."""
    earlier, later = moment.replace(tzinfo=zone), moment.replace(tzinfo=zone, fold=1)
    if earlier.utcoffset() != later.utcoffset():
        back = earlier.astimezone(UTC).astimezone(zone).replace(tzinfo=None)
        word = "came twice" if back == moment else "did not come"
        if moment.time() == time() and word == "did not come":  # a day alone that begins an hour late there
            return earlier.astimezone(UTC)
        raise Unreadable(
            f"The clocks were changed: this time {word} in {zone.key}.", "Write it with its offset: 2026-01-05T10:30:00+08:00."
        )
    return earlier.astimezone(UTC)
