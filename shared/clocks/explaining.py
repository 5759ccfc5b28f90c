"""Why a deadline lies where it lies: one sentence, in Chinese and in English, for staff who have to tell a customer."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from shared.clocks.clock import Clock, State
from shared.clocks.terms import Reckoned, Terms
from shared.http import View
from shared.worktime.explaining import Step, sentence, steps
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
REASONS: Mapping[str, Says] = {
    "awaiting_customer": {"zh": "等待顾客", "en": "waiting for the customer"},
    "awaiting_supplier": {"zh": "等待供应商", "en": "waiting for a supplier"},
    "awaiting_test": {"zh": "等待检测", "en": "waiting for a test"},
}
OURS: Says = {"zh": "本公司建议值", "en": "our suggestion"}
HEAD: Says = {"zh": "{name}（{rule}；业务规则{profile}第{version}版）", "en": "{name} ({rule}; profile {profile}, version {version})"}
SINCE: Mapping[str, Says] = {
    "received": {"zh": "收到后，{said}", "en": "since it was received, {said}"},
    "reopened": {"zh": "重新受理后，{said}", "en": "since it was reopened, {said}"},
    "acknowledged": {"zh": "受理答复后，{said}", "en": "since it was acknowledged, {said}"},
    "judged": {"zh": "判定后，{said}", "en": "since it was judged, {said}"},
    "happened": {"zh": "事项发生后，{said}", "en": "since it happened, {said}"},
}
PROMISED: Says = {"zh": "已向顾客承诺{at}", "en": "promised to the customer for {at}"}
KEPT: Says = {"zh": "{said}，最迟{at}致电即为守约", "en": "{said}, kept if they are asked by {at}"}
WINDOW: Says = {
    "zh": "{said}；可以致电的最后时刻为{at}", "en": "{said}; the last moment at which the customer may be called is {at}",
}  # fmt: skip
PAUSED: Says = {
    "zh": "{began}起因{reason}暂停，其间工作时间{time}，顺延至{after}", "en": "paused on {began} ({reason}), {time} of working time: moved to {after}",
}  # fmt: skip
PAUSES: Says = {"zh": "{began}起因{reason}暂停，最迟{until}恢复", "en": "paused since {began} ({reason}), until {until} at the latest"}
UNMOVED: Says = {
    "zh": "{began}起因{reason}暂停，其间无工作时间，期限不变",
    "en": "paused on {began} ({reason}), no working time: nothing moves",
}
STOPPED: Says = {
    "zh": "{began}起因{reason}暂停，{stopped}在暂停期间结束",
    "en": "paused on {began} ({reason}); it ended within the pause, on {stopped}",
}
THEN: Says = {"zh": "{said}；按当时已知的放假安排为{at}", "en": "{said}; by what was known of holidays then it was {at}"}
MOVED: Says = {"zh": "公布放假安排后由{before}改为{after}", "en": "reckoned anew when the holidays were announced: {before} became {after}"}


class Sentences(View):
    zh: str
    en: str


def steps_to(it: Reckoned, terms: Terms) -> Sequence[Step]:
    """How it was counted; a promise is not."""
    if it.limit.within is None:
        return []
    return steps(it.start, it.limit.within, terms.of_limit(it.limit), right=it.limit.right)


def told(clock: Clock, steps: Sequence[Step], terms: Terms) -> Mapping[Language, str]:
    return {language: words_of(language).joined([*clauses(clock, steps, terms, language)]) for language in ("zh", "en")}


def clauses(clock: Clock, steps: Sequence[Step], terms: Terms, language: Language) -> Iterator[str]:
    first, words = clock.strictest, words_of(language)
    zone = terms.of_limit(first.limit).zone

    def at(moment: str) -> str:
        return words.moment(datetime.fromisoformat(moment), zone)

    def end(moment: str) -> str:
        return words.end(datetime.fromisoformat(moment), zone)

    name, rule = NAMES.get(clock.milestone, {}).get(language, clock.milestone), first.limit.rule.replace("ours", OURS[language])
    yield HEAD[language].format(name=name, rule=rule, profile=clock.profile, version=clock.profile_version)
    yield counted(first, steps, clock.since(first.limit), terms, language, end)
    stands = {first.due.at.isoformat(), clock.due_at.astimezone(UTC).isoformat()}
    for move in (it for it in clock.moves if it["to"] in stands):  # what was moved once more stands in the ledger alone
        yield MOVED[language].format(before=end(move["from"]), after=end(move["to"]))
    for pause in clock.pauses:
        if said := paused(pause, clock, language, at, end):
            yield said


def counted(it: Reckoned, steps: Sequence[Step], since: str, terms: Terms, language: Language, end: Moment) -> str:
    if not steps:
        said = PROMISED[language].format(at=end((it.start if terms.ends_in_a_window else it.due.at).isoformat()))
        return KEPT[language].format(said=said, at=end(it.due.at.isoformat())) if terms.ends_in_a_window else said
    said = sentence(steps, language, terms.of_limit(it.limit)).rstrip(".。")
    said = SINCE[since][language].format(said=f"{said[0].lower()}{said[1:]}")
    if it.due.at == steps[-1].at:
        return said
    return (WINDOW if terms.ends_in_a_window else THEN)[language].format(said=said, at=end(it.due.at.isoformat()))


def paused(pause: Mapping[str, Any], clock: Clock, language: Language, at: Moment, end: Moment) -> str | None:
    said = {"began": at(pause["began"]), "reason": REASONS.get(pause["reason"], {}).get(language, pause["reason"])}
    if pause["ended"] and pause["due_before"] == pause["due_after"]:
        return UNMOVED[language].format(**said)
    if pause["ended"]:
        time = words_of(language).time(timedelta(seconds=pause["worked_seconds"]))
        return PAUSED[language].format(**said, time=time, after=end(pause["due_after"]))
    if stopped := pause.get("stopped"):
        return STOPPED[language].format(**said, stopped=at(stopped))
    return PAUSES[language].format(**said, until=at(pause["until"])) if clock.state is State.PAUSED else None
