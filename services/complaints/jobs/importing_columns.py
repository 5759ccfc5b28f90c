"""What a row of a file may say of a complaint of the past, column by column."""

from collections.abc import Sequence

from services.complaints.domain.complaint import ClosedAs, Severity
from services.complaints.domain.course import State
from shared.imports.kind import Field
from shared.imports.reading_times import moment
from shared.imports.reading_values import boolean, currency, identifier, money, one_of, slug, text
from shared.notes import LONGEST

FIELDS: Sequence[Field] = (
    Field(
        "id", identifier(64), ("原系统编号", "编号", "投诉编号", "工单号", "id", "complaint id", "ticket", "ticket #", "reference"),
        "The complaint's id in the system that it comes from; the same id is the same complaint.", required=True, example="T-20417",
    ),
    Field(
        "occurred_at", moment, ("投诉时间", "受理时间", "发生时间", "occurred_at", "received_at", "date received", "created", "date"),
        "When it was first heard.", required=True, example="2024-03-05 10:20",
    ),
    Field(
        "customer_id", identifier(64), ("客户编号", "顾客编号", "customer_id", "customer"),
        "The customer's id in the same system; nobody has to know them.", personal=True, example="C-10023",
    ),
    Field("unit", identifier(64), ("所属单位", "单位", "unit"), "The unit of ours that handled it; yours if it is empty.", example=""),
    Field("number", identifier(64), ("登记号", "登记编号", "number"), "Its number for people; one is made if it is empty.", example="TS-2024-0012"),
    Field("channel", slug, ("投诉渠道", "来源渠道", "渠道", "channel", "received via", "submitted via"), "How it came, as a code.", example="phone"),
    Field("category", slug, ("投诉类别", "投诉分类", "类别", "category", "complaint type"), "What kind of complaint it is, as a code.", example="quality"),
    Field(
        "content", text(LONGEST), ("投诉内容", "内容", "content", "description", "customer complaint"), "What the customer said.", personal=True,
        example="钢卷弯了",
    ),
    Field("expected_remedy", text(LONGEST), ("顾客诉求", "顾客要求", "诉求", "expected_remedy"), "What they ask for.", personal=True, example="换货"),
    Field("order_id", identifier(64), ("订单号", "订单编号", "合同号", "order_id", "order"), "The order that it is about.", example="SO-1"),
    Field("product", identifier(64), ("产品", "品名", "product"), "The product, as your lists call it.", example="A-12"),
    Field("department", identifier(64), ("责任部门", "department", "agency"), "Who has to answer for it.", example="品质部"),
    Field("cause", slug, ("原因", "投诉原因", "cause"), "Why it came to this, as a code.", example="packing"),
    Field("severity", one_of(*Severity), ("严重程度", "级别", "severity"), "minor, ordinary or major.", example="ordinary"),
    Field(
        "state", one_of(*State), ("状态", "处理状态", "state", "status"), "Where it stands; as far as its times tell if it is empty.", example="closed"
    ),
    Field(
        "acknowledged_at", moment, ("答复时间", "首次答复时间", "acknowledged_at"), "When the customer was told that it is looked into.",
        example="2024-03-05 14:00",
    ),
    Field("judged_at", moment, ("判定时间", "judged_at"), "When it was judged.", example=""),
    Field("upheld", boolean, ("是否成立", "投诉是否成立", "upheld"), "Was the customer right?", example="是"),
    Field(
        "result", text(LONGEST), ("处理结果", "处理措施", "result", "resolution"), "What the customer was told in the end.", personal=True,
        example="已换货",
    ),
    Field("resolved_at", moment, ("处理完成时间", "解决时间", "resolved_at"), "When the customer was told the result.", example="2024-03-08 09:30"),
    Field("closed_at", moment, ("结案时间", "结束时间", "关闭时间", "closed_at"), "When it was closed or withdrawn.", example="2024-03-10"),
    Field("closed_as", one_of(*ClosedAs), ("结案方式", "closed_as"), "accepted: the customer agreed; unreachable: nobody knows.", example="accepted"),
    Field("reopened", boolean, ("是否重开", "再次投诉", "reopened"), "Was it handled a second time?", example="否"),
    Field("compensation", money, ("赔偿金额", "赔付金额", "compensation"), "What the customer was given, in money.", example="200.00"),
    Field("currency", currency, ("赔偿币种", "币种", "currency"), "Of the compensation; the unit's if it is empty.", example="CNY"),
)  # fmt: skip
