"""Why a deadline lies where it lies: one sentence, in Chinese and in English, for staff who have to tell a customer."""

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any

from shared.clocks.clock import Clock, State
from shared.clocks.terms import Reckoned, Terms
from shared.http import View
from shared.worktime import explaining
from shared.worktime.counting import due
from shared.worktime.wording import Language, words_of

Says = Mapping[Language, str]
Moment = Callable[[str], str]  # from ISO 8601 to the reader's words
NAMES: Mapping[str, Says] = {
    "acknowledgement": {"zh": "受理答复", "en": "Acknowledgement"},
    "plan": {"zh": "处理方案", "en": "Plan"},
    "result": {"zh": "处理结果", "en": "Result"},
    "answer": {"zh": "答复", "en": "Answer"},
    "promise": {"zh": "承诺的答复", "en": "Promised answer"},
    "call": {"zh": "回访", "en": "Follow-up call"},
}
OURS: Says = {"zh": "本公司建议值", "en": "our suggestion"}
HEAD: Says = {"zh": "{name}（{rule}；业务规则{profile}第{version}版）", "en": "{name} ({rule}; profile {profile}, version {version})"}
PROMISED: Says = {"zh": "已向顾客承诺{at}", "en": "promised to the customer for {at}"}
WINDOW: Says = {
    "zh": "{said}；此时不宜致电，此前可以致电的最后时刻为{at}", "en": "{said}; the last moment before at which the customer may be called is {at}",
}  # fmt: skip
PAUSED: Says = {
    "zh": "{began}起因{reason}暂停，其间工作时间{time}，顺延至{after}", "en": "paused on {began} ({reason}), {time} of working time: moved to {after}",
}  # fmt: skip
PAUSES: Says = {"zh": "{began}起因{reason}暂停，最迟{until}恢复", "en": "paused since {began} ({reason}), until {until} at the latest"}
MOVED: Says = {"zh": "公布放假安排后由{before}改为{after}", "en": "reckoned anew when the holidays were announced: {before} became {after}"}


class Sentences(View):
    zh: str
    en: str


def told(clock: Clock, terms: Terms) -> Mapping[Language, str]:
    return {language: words_of(language).joined([*clauses(clock, terms, language)]) for language in ("zh", "en")}


def clauses(clock: Clock, terms: Terms, language: Language) -> Iterator[str]:
    first, words = clock.strictest, words_of(language)
    zone = terms.of_limit(first.limit).zone

    def at(moment: str) -> str:
        return words.moment(datetime.fromisoformat(moment), zone)

    name, rule = NAMES.get(clock.milestone, {}).get(language, clock.milestone), first.limit.rule.replace("ours", OURS[language])
    yield HEAD[language].format(name=name, rule=rule, profile=clock.profile, version=clock.profile_version)
    yield counted(first, terms, language, at)
    for pause in clock.pauses:
        if said := paused(pause, clock, language, at):
            yield said
    for move in clock.moves:
        yield MOVED[language].format(before=at(move["from"]), after=at(move["to"]))


def counted(it: Reckoned, terms: Terms, language: Language, at: Moment) -> str:
    calendar, here = terms.of_limit(it.limit), at(it.due.at.isoformat())
    if it.limit.within is None:
        return PROMISED[language].format(at=here)
    found = explaining.steps(it.start, it.limit.within, calendar, right=it.limit.right)
    said = explaining.sentence(found, language, calendar).rstrip(".。")
    if it.due.at == due(it.start, it.limit.within, calendar, right=it.limit.right).at:
        return said
    return WINDOW[language].format(said=said, at=here)


def paused(pause: Mapping[str, Any], clock: Clock, language: Language, at: Moment) -> str | None:
    if pause["ended"]:
        time = words_of(language).time(timedelta(seconds=pause["worked_seconds"]))
        return PAUSED[language].format(began=at(pause["began"]), reason=pause["reason"], time=time, after=at(pause["due_after"]))
    if clock.state is State.PAUSED:
        return PAUSES[language].format(began=at(pause["began"]), reason=pause["reason"], until=at(pause["until"]))
    return None
