"""回访记录表: a call on paper, what was asked and answered.  A13"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from services.followup.domain.call import Call
from services.followup.store import calls, notes
from services.followup.store.calls import CallNotFound
from shared.forms.form import Exact, Form, Line, Row, Signature, Words, in_words, moment
from shared.forms.printing import As, Printed, documented, printed
from shared.http import AtHand, Now, Router, Session, Staff, allow

router = Router("/v1/calls/{call_id}", tags=["calls"])
REASONS = {
    "complaint_resolved": "投诉处理后回访", "visit_departed": "来访后回访", "measurement_completed": "测量后回访", "installation_completed": "安装后回访",
    "repair_completed": "维修后回访", "order_closed": "订单完成后回访", "order_lost": "未成交回访",
}  # fmt: skip
QUESTIONS = {
    "complaint_resolved": "您对投诉的处理过程和结果是否满意？", "visit_departed": "您是否已平安到家？对我们的接待是否满意？",
    "measurement_completed": "您对测量服务是否满意？", "installation_completed": "您对安装质量和服务是否满意？",
    "repair_completed": "您对维修质量和服务是否满意？",
    "order_closed": "您对产品、交货和服务是否满意？", "order_lost": "您未选择我们的原因是什么？有何建议？",
}  # fmt: skip
STATES = {
    "planned": "已计划", "assigned": "已分派", "due": "待回访", "attempted": "已尝试", "callback_agreed": "已约再访", "unreachable": "无法联系",
    "done": "已完成", "called_off": "已取消",
}  # fmt: skip
RATINGS = {"satisfied": "满意", "fair": "一般", "dissatisfied": "不满意"}
TRIED = {
    "busy": "占线", "no_answer": "无人接听", "refused": "拒绝回访", "invalid_number": "号码有误", "callback_agreed": "约定再访", "not_convenient": "不便接听",
    "reached": "已接通",
}  # fmt: skip


@router.get("/form", response_class=Printed, dependencies=[allow("calls.read")], responses=documented(CallNotFound))
async def print_call(call_id: UUID, session: Session, staff: Staff, means: AtHand, now: Now, kind: As) -> Printed:
    """The call as a form, in Chinese, on A4; the customer's words are masked as everywhere, and their name is left to the pen."""
    it = await calls.by_id(session, call_id)
    said = [note.text for note in await notes.remarks(session, it.about) if note.written_at == it.completed_at]
    form = filled_in(it, said, zone=means.units.units[it.unit].clock, by=staff.sub, at=now)
    return await printed(session, form, kind, about=f"call:{it.id}", by=staff.sub, at=now)


def filled_in(it: Call, said: Sequence[str], *, zone: ZoneInfo, by: str, at: datetime) -> Form:
    rows: list[Row] = [
        Line(label="客户"), Line(label="联系电话"),
        Line(label="回访时间", value=moment(it.completed_at, zone)), Line(label="回访方式", value="电话"),
        Line(label="回访类别", value=in_words(it.reason, REASONS)), Line(label="回访人", value=it.completed_by or it.assigned_to or ""),
        Line(label="最早时间", value=moment(it.earliest_at, zone)), Line(label="截止时间", value=moment(it.due_at, zone)),
        Line(label="状态", value=f"{in_words(it.state, STATES)}（第{it.round}轮）"), Line(label="约定再访", value=moment(it.callback_at, zone)),
        Exact(label="回访事项", exact=it.about), Exact(label="客户编号", exact=str(it.customer_id)),
        Words(label="回访问题", text=QUESTIONS.get(it.reason, "")),
        Line(label="满意程度", value=in_words(it.satisfaction, RATINGS)), Line(label="评分", value=f"{it.score} / 5" if it.score else ""),
        *([Words(label="涉及方面", text="、".join(it.aspects))] if it.aspects else []),
        *([Words(label="联系经过", text="\n".join(told(n, one, zone) for n, one in enumerate(it.attempts, 1)))] if it.attempts else []),
        Words(label="顾客意见", text="\n".join(said)), Words(label="后续处理"),
        Signature(label="回访人签名"), Signature(label="主管签名"),
    ]  # fmt: skip
    return Form(title="客户回访记录表", number=str(it.id), unit=it.unit, rows=rows, printed_at=moment(at, zone), printed_by=by)


def told(n: int, attempt: dict[str, Any], zone: ZoneInfo) -> str:
    parts = [moment(datetime.fromisoformat(attempt["attempted_at"]), zone), in_words(attempt["outcome"], TRIED), attempt["attempted_by"]]
    return f"第{n}次：{'，'.join(it for it in parts if it)}"
