"""What people at work read, in Chinese or English: what, of which thing, by when and where it stands. Never who the customer is, for others read it too."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from services.followup.domain.policy import Trade
from services.followup.domain.staff_notice import StaffNotice
from shared.units import Unit

MOST_LINES = 50  # of one message
SUBJECTS = {
    "zh": {"milestone_at_risk": "投诉即将超时", "milestone_missed": "投诉已超时", "complaint_escalated": "投诉已升级给您", "inquiry_overdue": "咨询已超时",
           "inquiry_handed_over": "咨询已转交", "call_overdue": "回访已超时", "call_assigned": "有回访指派给您", "task_opened": "新的待办",
           "task_assigned": "有待办指派给您"},
    "en": {"milestone_at_risk": "A complaint is about to be late", "milestone_missed": "A complaint is late",
           "complaint_escalated": "A complaint was escalated to you", "inquiry_overdue": "An inquiry is late",
           "inquiry_handed_over": "An inquiry was handed over", "call_overdue": "A call is late", "call_assigned": "A call was assigned to you",
           "task_opened": "A new task", "task_assigned": "A task was assigned to you"},
}  # fmt: skip
OTHER = {"zh": "有一件事需要您处理", "en": "Something needs you"}
MILESTONES = {
    "zh": {
        "acknowledgement": "受理答复",
        "plan": "处理方案",
        "result": "处理结果",
        "answer": "答复",
        "promise": "承诺的答复",
        "call": "回访",
    },
    "en": {
        "acknowledgement": "acknowledgement",
        "plan": "plan",
        "result": "result",
        "answer": "answer",
        "promise": "promised answer",
        "call": "call",
    },
}
TASKS = {
    "zh": {"fair": "评价一般", "dissatisfied": "再次不满意", "milestone_missed": "超时", "carrier": "联系承运商", "not_told": "客户未收到通知",
           "clarify": "向客户核实订单", "erasure": "审批删除申请"},
    "en": {"fair": "not quite content", "dissatisfied": "dissatisfied again", "milestone_missed": "late", "carrier": "talk to the carrier",
           "not_told": "a customer was not told", "clarify": "ask the customer", "erasure": "approve an erasure"},
}  # fmt: skip
PLACES = {
    "complaint": "complaints", "inquiry": "inquiries", "call": "calls", "notice": "notices", "task": "tasks", "visit": "visits",
    "customer": "customers", "survey": "surveys", "erasure": "erasures",
}  # fmt: skip
LEGEND = {
    "zh": {"due": "最迟 {}", "many": "{} 件事需要您处理", "more": "……另有 {} 件", "stand_in": "本应由其他同事处理"},
    "en": {"due": "by {}", "many": "{} things need you", "more": "… and {} more", "stand_in": "in place of somebody else"},
}
TIMES = {"zh": "%m月%d日 %H:%M", "en": "%d %b %H:%M"}


def worded(notices: Sequence[StaffNotice], unit: str, trade: Trade, largest: int | None = None) -> tuple[str, str]:
    """Subject and text, no longer than the way takes: one line for each, the most urgent first, and how many are left out."""
    language = "en" if trade.policy(unit).languages[0] == "en" else "zh"
    where = trade.unit(unit)
    listed = sorted(notices, key=lambda it: (not it.urgent, it.owed_at or it.news_at, str(it.id)))
    lines = [line(it, language, where) for it in listed]
    legend = LEGEND[language]
    if len(lines) == 1:
        return subject_of(listed[0], language), lines[0]
    title = legend["many"].format(len(lines))
    shown = lines[:MOST_LINES]
    while True:
        left = len(lines) - len(shown)
        body = "\n".join([title, *shown, *([legend["more"].format(left)] if left else [])])
        if not shown or largest is None or len(body.encode()) <= largest:
            return title, body
        shown = shown[:-1]


def line(it: StaffNotice, language: str, where: Unit) -> str:
    """One thing. A person is named by their staff id, for a chat has many readers."""
    legend, facts = LEGEND[language], it.facts
    parts = [
        subject_of(it, language),
        str(facts.get("number") or ""),
        named(MILESTONES[language], facts.get("milestone")),
        named(TASKS[language], facts.get("task")),
        legend["due"].format(local(it.owed_at, where, language)) if it.owed_at else "",
        legend["stand_in"] if it.reason == "absent" else "",
        path(str(facts.get("of") or it.about)),
    ]
    said = " · ".join(part for part in parts if part)
    return f"{it.to_staff}: {said}" if it.to_staff else said


def subject_of(it: StaffNotice, language: str) -> str:
    return SUBJECTS[language].get(it.kind, OTHER[language])


def named(names: Mapping[str, str], code: object) -> str:
    """A code that has no words yet is shown as it is."""
    return names.get(str(code), str(code)) if code else ""


def local(moment: datetime, where: Unit, language: str) -> str:
    return moment.astimezone(where.clock).strftime(TIMES[language])


def path(about: str) -> str:
    """Where it stands in the API of its service. An order is named as its own system does."""
    kind, _, id = about.partition(":")
    return f"/v1/{PLACES[kind]}/{id}" if kind in PLACES else about
