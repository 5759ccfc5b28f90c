"""The words in which a deadline is explained, in Chinese and in English."""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

from shared.worktime.calendar import Reason
from shared.worktime.pattern import WEEKDAYS
from shared.worktime.span import Measure

Language = Literal["zh", "en"]
DAY = timedelta(days=1)
MONTHS = ["January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December"]
ENGLISH = {
    "元旦": "New Year's Day", "春节": "Spring Festival", "清明": "Tomb-Sweeping Day", "清明节": "Tomb-Sweeping Day", "劳动节": "Labour Day",
    "端午": "Dragon Boat Festival", "端午节": "Dragon Boat Festival", "中秋": "Mid-Autumn Festival", "中秋节": "Mid-Autumn Festival",
    "国庆节": "National Day",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Words(ABC):
    start: str
    opens: str
    not_counted: str
    off: Mapping[Reason, str]
    counted: Mapping[Measure, str]
    worked: str
    rests: Mapping[bool, str]  # in between, of a roster or of the week
    swapped: str
    rolled: str
    ends: str
    provisional: str
    uncertain: str

    @abstractmethod
    def joined(self, clauses: Sequence[str]) -> str: ...

    @abstractmethod
    def days(self, since: date, until: date) -> str: ...

    @abstractmethod
    def time(self, time: timedelta) -> str: ...

    def name(self, name: str) -> str:
        return name

    @abstractmethod
    def clock(self, day: date, shown: str) -> str: ...

    def moment(self, at: datetime, zone: ZoneInfo) -> str:
        there = at.astimezone(zone)
        return self.clock(there.date(), f"{there:%H:%M}")

    def end(self, at: datetime, zone: ZoneInfo) -> str:
        """What ends at midnight ends at 24:00 of its day."""
        there = at.astimezone(zone)
        return self.clock(there.date() - DAY, "24:00") if there.time() == time() else self.moment(at, zone)

    def resting(self, count: int | None, *, roster: bool) -> str:
        return self.rests[roster].format(count=count, are="is a day" if count == 1 else "are days") if count else ""

    def swaps(self, days: Sequence[date]) -> str:
        return self.swapped.format(days=self.listed([self.days(day, day) for day in days])) if days else ""

    def listed(self, texts: Sequence[str]) -> str:
        return ", ".join(texts)


@dataclass(frozen=True, slots=True)
class Chinese(Words):
    def joined(self, clauses: Sequence[str]) -> str:
        return "；".join(clauses) + "。"

    def days(self, since: date, until: date) -> str:
        whole = f"{since.year}年{since.month}月{since.day}日"
        if until == since:
            return whole
        if until.year != since.year:
            return f"{whole}至{until.year}年{until.month}月{until.day}日"
        return f"{whole}至{until.day}日" if until.month == since.month else f"{whole}至{until.month}月{until.day}日"

    def time(self, time: timedelta) -> str:
        hours, minutes = parts(time)
        return f"{hours}小时" * bool(hours) + f"{minutes}分钟" * bool(minutes or not hours)

    def clock(self, day: date, shown: str) -> str:
        return f"{self.days(day, day)}（周{'一二三四五六日'[day.weekday()]}）{shown}"

    def listed(self, texts: Sequence[str]) -> str:
        return "、".join(texts)


@dataclass(frozen=True, slots=True)
class English(Words):
    def joined(self, clauses: Sequence[str]) -> str:
        said = "; ".join(clauses)
        return f"{said[0].upper()}{said[1:]}."

    def days(self, since: date, until: date) -> str:
        whole = f"{until.day} {MONTHS[until.month - 1]} {until.year}"
        if until == since:
            return whole
        if until.year != since.year:
            return f"{since.day} {MONTHS[since.month - 1]} {since.year} to {whole}"
        return f"{since.day} to {whole}" if until.month == since.month else f"{since.day} {MONTHS[since.month - 1]} to {whole}"

    def time(self, time: timedelta) -> str:
        hours, minutes = parts(time)
        return " ".join([f"{hours} h"] * bool(hours) + [f"{minutes} min"] * bool(minutes or not hours))

    def clock(self, day: date, shown: str) -> str:
        return f"{WEEKDAYS[day.weekday()].capitalize()} {self.days(day, day)} {shown}"

    def name(self, name: str) -> str:
        return ENGLISH.get(name, name)


def parts(time: timedelta) -> tuple[int, int]:
    """Whole hours, and minutes to the nearest."""
    return divmod(round(time / timedelta(minutes=1)), 60)


CHINESE = Chinese(
    start="自{at}起算",
    opens="当时为非工作时间，自{at}开始计时",
    not_counted="起始日{days}不计入",
    off={
        Reason.REST: "{days}休息，不计入",
        Reason.HOLIDAY: "{days}{name}放假，不计入",
        Reason.ROSTER: "{days}轮休，不计入",
        Reason.CLOCKS: "{days}因时钟拨快没有工作时间，不计入",
    },
    counted={
        Measure.MINUTES: "连续计{count}分钟",
        Measure.HOURS: "连续计{count}小时",
        Measure.DAYS: "{days}计{count}个日历日",
        Measure.WORKING_DAYS: "{days}{rests}计{count}个工作日",
    },
    worked="{days}{rests}计工作时间{time}",
    rests={False: "，其中休息日{count}天，", True: "，其中轮休{count}天，"},
    swapped="（{days}为调休上班日）",
    rolled="期限末日{ends}不是工作日，顺延至{rolled}",
    ends="于{at}到期",
    provisional="{days}之后的放假安排尚未公布，此期限为暂定",
    uncertain="放假安排尚不确定，此期限为暂定",
)
ENGLISH_WORDS = English(
    start="from {at}",
    opens="outside working hours, so counted from {at}",
    not_counted="the starting day, {days}, is not counted",
    off={
        Reason.REST: "{days}: rest, not counted",
        Reason.HOLIDAY: "{days}: {name}, not counted",
        Reason.ROSTER: "{days}: off by the roster, not counted",
        Reason.CLOCKS: "{days}: the clocks skip the hours, not counted",
    },
    counted={
        Measure.MINUTES: "{count} minute{s} without a break",
        Measure.HOURS: "{count} hour{s} without a break",
        Measure.DAYS: "{days}: {count} calendar day{s}",
        Measure.WORKING_DAYS: "{days}{rests}: {count} working day{s}",
    },
    worked="{days}{rests}: {time} of working time",
    rests={False: ", of which {count} {are} of rest", True: ", of which {count} {are} off"},
    swapped=" ({days} worked instead of a day of rest)",
    rolled="the last day, {ends}, is no working day, so it rolls to {rolled}",
    ends="it ends on {at}",
    provisional="the holidays after {days} are not announced yet, so this is provisional",
    uncertain="not all holidays are known, so this is provisional",
)


def words_of(language: Language) -> Words:
    return CHINESE if language == "zh" else ENGLISH_WORDS
