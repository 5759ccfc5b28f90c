"""Why a deadline lies where it lies: one sentence, in Chinese and in English, for staff who have to tell a customer."""

from datetime import datetime
from zoneinfo import ZoneInfo

from shared.clocks.clock import Clock, State
from shared.clocks.terms import Reckoned, Terms
from shared.http import View
from shared.worktime import explaining
from shared.worktime.counting import due
from shared.worktime.wording import Language

NAMES = {
    "acknowledgement": ("受理答复", "Acknowledgement"), "plan": ("处理方案", "Plan"), "result": ("处理结果", "Result"), "answer": ("答复", "Answer"),
    "promise": ("承诺的答复", "Promised answer"), "call": ("回访", "Follow-up call"),
}  # fmt: skip
REASONS = {"holidays": ("公布放假安排后重新计算", "reckoned anew when the holidays were announced")}
WINDOW = {"zh": ";此时不宜致电,此前可以致电的最后时刻:", "en": "; the last moment before at which the customer may be called: "}
OURS = ("本公司建议值", "our suggestion")


class Sentences(View):
    zh: str
    en: str


def told(clock: Clock, terms: Terms) -> Sentences:
    first = clock.strictest
    zone = terms.of_limit(first.limit).zone
    zh, en = NAMES.get(clock.milestone, (clock.milestone, clock.milestone))
    rule_zh, rule_en = (first.limit.rule.replace("ours", it) for it in OURS)
    parts_zh = [f"{zh}({rule_zh};业务规则{clock.profile}第{clock.profile_version}版)", counted(first, terms, "zh")]
    parts_en = [f"{en} ({rule_en}; profile {clock.profile}, version {clock.profile_version})", counted(first, terms, "en")]
    for pause in clock.pauses:
        if pause["ended"]:
            began, after, hours = pause["began"], pause["due_after"], round(pause["worked_seconds"] / 3600, 2)
            parts_zh.append(f"{local(began, zone)}起因{pause['reason']}暂停,其间工作时间{hours:g}小时,顺延至{local(after, zone)}")
            parts_en.append(
                f"paused on {local(began, zone)} ({pause['reason']}), {hours:g} h of working time: moved to {local(after, zone)}"
            )
        elif clock.state is State.PAUSED:
            began, until = local(pause["began"], zone), local(pause["until"], zone)
            parts_zh.append(f"{began}起因{pause['reason']}暂停,最迟{until}恢复")
            parts_en.append(f"paused since {began} ({pause['reason']}), until {until} at the latest")
    for move in clock.moves:
        zh_because, en_because = REASONS[move["because"]]
        parts_zh.append(f"{zh_because},由{local(move['from'], zone)}改为{local(move['to'], zone)}")
        parts_en.append(f"{en_because}: {local(move['from'], zone)} became {local(move['to'], zone)}")
    return Sentences(zh=";".join(parts_zh) + "。", en="; ".join(parts_en) + ".")


def counted(it: Reckoned, terms: Terms, language: Language) -> str:
    calendar = terms.of_limit(it.limit)
    if it.limit.within is None:
        promised = local(it.due.at.isoformat(), calendar.zone)
        return f"已向顾客承诺{promised}" if language == "zh" else f"promised to the customer for {promised}"
    found = explaining.steps(it.start, it.limit.within, calendar, right=it.limit.right)
    said = explaining.sentence(found, language, calendar).rstrip(".。")
    if it.due.at == due(it.start, it.limit.within, calendar, right=it.limit.right).at:
        return said
    window = local(it.due.at.isoformat(), calendar.zone)
    return f"{said}{WINDOW[language]}{window}"


def local(moment: str, zone: ZoneInfo) -> str:
    return f"{datetime.fromisoformat(moment).astimezone(zone):%Y-%m-%d %H:%M}"
