"""顾客投诉登记表: a complaint on paper, to be signed.  A13"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from services.complaints.domain.complaint import Complaint
from services.complaints.domain.note import Note
from services.complaints.store import complaints, notes
from services.complaints.store.complaints import ComplaintNotFound
from shared.contracts import Money
from shared.forms.form import Exact, Form, Line, Row, Signature, Words, in_words, moment, signed, spoken
from shared.forms.printing import As, Printed, documented, printed
from shared.http import AtHand, Now, Router, Session, Staff, allow

router = Router("/v1/complaints/{complaint_id}", tags=["complaints"])
CHANNELS = {
    "phone": "电话", "mail": "邮件", "email": "邮件", "letter": "信函", "chat": "在线", "wechat": "微信", "visit": "来访", "onsite": "现场",
    "counter": "柜台", "sms": "短信", "web": "网站", "survey": "调查", "call": "回访",
}  # fmt: skip
STATES = {
    "received": "已受理", "acknowledged": "已告知", "judged": "已判定", "explained": "已解释", "investigating": "调查处理中", "resolved": "已处理，待确认",
    "accepted": "顾客认可", "closed": "已结案", "withdrawn": "已撤回", "escalated": "已升级",
}  # fmt: skip
SEVERITIES = {"minor": "轻微", "ordinary": "一般", "major": "重大"}
UPHELD = {"True": "成立", "False": "不成立"}
SAID = {
    "content": "投诉内容", "expected_remedy": "期望处理", "told": "告知顾客", "reason": "理由说明", "result": "处理结果", "remarks": "顾客意见",
    "pause": "暂停说明", "question": "咨询内容", "answer": "答复内容", "purpose": "来访事由",
}  # fmt: skip
FIRST = "content", "expected_remedy"
FOR_A_PEN = "处理方案", "处理结果"


@router.get("/form", response_class=Printed, dependencies=[allow("complaints.read")], responses=documented(ComplaintNotFound))
async def print_complaint(complaint_id: UUID, session: Session, staff: Staff, means: AtHand, now: Now, kind: As) -> Printed:
    """The complaint as a form to sign, in Chinese, on A4; words are masked as everywhere, and who complains is left to the pen."""
    it = await complaints.by_id(session, complaint_id)
    first = {kind: (await notes.texts(session, kind, [it.about])).get(it.about, "") for kind in FIRST}
    said = await notes.about(session, notes.things(it))
    form = filled_in(it, first, said, zone=means.units.units[it.unit].clock, by=staff.sub, at=now)
    return await printed(session, form, kind, about=it.about, by=staff.sub, at=now)


def filled_in(it: Complaint, first: Mapping[str, str], said: Sequence[Note], *, zone: ZoneInfo, by: str, at: datetime) -> Form:
    rows: list[Row] = [
        Line(label="投诉人"), Line(label="联系电话"),
        Line(label="投诉时间", value=moment(it.received_at, zone)), Line(label="投诉渠道", value=in_words(it.channel, CHANNELS)),
        Line(label="投诉类别", value=it.category), Exact(label="订单号", exact=it.order_id or ""),
        Line(label="产品", value=it.product or ""), Line(label="责任部门", value=it.department or ""),
        Line(label="原因", value=it.cause or ""), Line(label="负责人", value=handler(said)),
        Line(label="严重程度", value=in_words(it.severity, SEVERITIES)), Line(label="是否成立", value=in_words(it.upheld, UPHELD)),
        Line(label="状态", value=f"{in_words(it.state, STATES)}（第{it.round}轮）"), Line(label="答复期限", value=moment(it.feedback_by, zone)),
        Line(label="处理时间", value=moment(it.resolved_at, zone)), Line(label="赔偿金额", value=money(it.compensation)),
        Exact(label="客户编号", exact=str(it.customer_id)),
        *(Words(label=SAID[kind], text=text) for kind, text in first.items()),
    ]  # fmt: skip
    later = [note for note in said if not (note.kind in FIRST and note.about == it.about)]
    words = [
        Words(label=in_words(note.kind, SAID), text=signed(note.text, note.written_by, moment(note.written_at, zone))) for note in later
    ]
    rows += [*spoken(words, otherwise=FOR_A_PEN), Signature(label="顾客签名"), Signature(label="负责人签名")]
    return Form(title="顾客投诉登记表", number=it.number, unit=it.unit, rows=rows, printed_at=moment(at, zone), printed_by=by)


def handler(said: Sequence[Note]) -> str:
    """Who wrote down the result, or the reason, last."""
    writers = [note.written_by for kind in ("result", "reason") for note in reversed(said) if note.kind == kind and note.written_by]
    return writers[0] if writers else ""


def money(paid: Money | None) -> str:
    return f"{paid.amount:.2f} {paid.currency}" if paid else ""
