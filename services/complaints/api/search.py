"""Complaints over HTTP: the register, and one of them with everything that was said."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import Depends, Response

from services.complaints.api.shapes import ComplaintView, WholeComplaintView, shown
from services.complaints.api.shapes import answer as answered
from services.complaints.store import complaints, notes
from services.complaints.store.complaints import COMPLAINTS, ComplaintNotFound
from shared.http import Router, Session, allow, problems
from shared.paging import Asked, Page
from shared.registers.answering import TABLES, Answer
from shared.registers.sheet import Sheet

router = Router("/v1/complaints", tags=["complaints"])
READ = [allow("complaints.read")]
SHEET = Sheet(
    "complaints", "顾客投诉登记表", "complaints.read", COMPLAINTS, ComplaintView, shown=shown,
    columns={
        "number": "投诉编号", "received_at": "投诉时间", "state": "状态", "severity": "严重程度", "upheld": "是否成立", "category": "投诉类别",
        "product": "产品", "department": "责任部门", "cause": "原因", "customer_id": "客户编号", "customer_known": "是否建档客户",
        "unit": "所属单位", "order_id": "订单编号", "channel": "投诉渠道", "source": "来源系统", "reference": "原系统编号", "expected_remedy": "顾客诉求",
        "feedback_by": "答复期限", "resolved_at": "处理完成时间", "reopenable_until": "可重新受理截止", "authority": "处理权限",
        "compensation.amount": "赔偿金额", "compensation.currency": "赔偿币种", "escalated_to": "升级至", "closed_as": "结案方式",
        "closed_at": "结束时间", "undated": "日期不详", "round": "处理轮次", "inquiry_id": "咨询编号", "follows": "起因", "import_id": "导入批次",
        "correlation": "关联编号", "id": "系统编号", "version": "版本",
    },
)  # fmt: skip


@router.get("", response_model=Page[ComplaintView], dependencies=READ, responses=TABLES | problems())
async def list_complaints(session: Session, asked: Annotated[Asked, Depends(COMPLAINTS)], answer: Answer) -> Any:
    """All complaints, those that were received last first."""
    return await answer(SHEET, session, asked)


@router.get("/{complaint_id}", response_model=WholeComplaintView, dependencies=READ, responses=problems(ComplaintNotFound))
async def show_complaint(complaint_id: UUID, session: Session, response: Response) -> Any:
    """One complaint, with the words about it, about the inquiry it was, and about what it follows."""
    complaint = await complaints.by_id(session, complaint_id)
    return await answered(session, complaint, response) | {"notes": await notes.about(session, notes.things(complaint))}
