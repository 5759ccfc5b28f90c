"""Orders out of a spreadsheet: each row says how one order went, as its events would have told. Nobody is told, and nobody is asked for what is missing.

What a row says stands beside what events told of the same order, and the next import of it replaces it: so it makes no difference which came first.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from services.customers.domain import past, unmaking
from services.customers.domain.facts import Fact
from services.customers.domain.filing import mention
from services.customers.domain.order import Order, order_id_of
from services.customers.jobs import importing_words as read
from services.customers.jobs.importing_customers import A_UNIT_OF_OURS, LEAVE_OUT, NO_NEWS, NOT_YOURS, THERE, UNKNOWN_UNIT, UPDATE_OR_LEAVE
from services.customers.store import importing
from services.customers.store.importing import Names
from shared.ids import customer_of
from shared.imports.kind import Became, Chunk, Existing, Field, Row
from shared.imports.reading_times import day, moment
from shared.imports.reading_values import currency, identifier, money, text

ANOTHER_UNITS = "The order of this number is none that you see."
NOT_YET = "This moment has not come yet."
NEGATIVE = "The amount of an order is not negative."
SAID_SINCE = "Another import has said something else of this order since."
ERASED_SINCE = "The customer of this order is erased since."
AHEAD = timedelta(days=1)  # a clock may be wrong by so much, and a zone
MOMENTS = "placed_at", "confirmed_at", "shipped_at", "delivered_at", "cancelled_at"


class Orders:
    name, title = "orders", "Orders"
    needs_system = True
    fields = (
        Field(
            "order_id", identifier(64), ("订单编号", "订单号", "合同编号", "单号", "order id", "order number", "order"),
            "What the system calls the order.", required=True, example="SO-2025-0017",
        ),
        Field(
            "customer_id", identifier(64), ("客户编号", "客户代码", "客户ID", "customer id", "customer number"),
            "What the same system calls the customer.", required=True, personal=True, example="C-10023",
        ),
        Field(
            "placed_at", moment, ("下单时间", "下单日期", "订单日期", "签订日期", "placed at", "order date"),
            "When it was placed.", required=True, example="2025-03-05 10:30",
        ),
        Field(
            "status", read.status, ("订单状态", "状态", "status", "state"),
            "How it stands; where its moment is not known, the last one known counts.", example="已签收",
        ),
        Field("confirmed_at", moment, ("确认时间", "确认日期", "付款时间", "confirmed at"), "When the company confirmed it.", example="2025-03-05 16:00"),
        Field("shipped_at", moment, ("发货时间", "发货日期", "出库时间", "shipped at", "ship date"), "When the goods left.", example="2025-03-10"),
        Field("delivered_at", moment, ("签收时间", "签收日期", "送达时间", "交货时间", "delivered at"), "When the last of it arrived.", example="2025-03-12"),
        Field("cancelled_at", moment, ("取消时间", "取消日期", "cancelled at"), "When it was cancelled."),
        Field(
            "promised_delivery_until", day, ("承诺交期", "约定交货日期", "交货期", "交期", "预计送达", "promised delivery", "delivery date", "due date"),
            "The day until which delivery was promised.", example="2025-03-20",
        ),
        Field("total", money, ("订单金额", "总金额", "合同金额", "金额", "total", "amount"), "The amount of the whole order.", example="12,500.00"),
        Field("currency", currency, ("币种", "货币", "currency"), "Of the amount; without it, that of the unit.", example="CNY"),
        Field("region", text(500), ("省份", "省", "地区", "region", "state", "province"), "The region that it went to.", example="上海"),
        Field("city", text(500), ("城市", "市", "city"), "The city that it went to.", example="上海"),
        Field("payment_terms", text(500), ("付款方式", "付款条件", "payment terms"), "How it was to be paid.", example="货到付款"),
        Field("carrier", identifier(64), ("承运商", "物流公司", "快递公司", "carrier"), "Who carried it.", example="sf"),
        Field("tracking_number", text(500), ("运单号", "快递单号", "物流单号", "tracking number"), "Under which number.", example="SF1000000001"),
        Field(
            "unit", identifier(64), ("所属部门", "所属单位", "部门", "分公司", "unit", "department"),
            "The unit of ours whose order it is; without it, its customer's.",
        ),
    )  # fmt: skip

    def key(self, values: Mapping[str, Any], system: str) -> str:
        return f"{system}/{values['order_id']}"

    async def take(self, chunk: Chunk) -> None:
        references = {row.number: f"{chunk.system}/{row.values['customer_id']}" for row in chunk.rows}
        ids = {row.number: order_id_of(chunk.system, row.values["order_id"]) for row in chunk.rows}
        orders = await importing.mirrored(chunk.connection, chunk.shelf, ids.values(), lock=not chunk.dry)
        spoken = {*references.values(), *(it.reference for it in orders.values())}
        names = await importing.names(chunk.connection, chunk.shelf, spoken, lock=False, declaring=False)
        for row in chunk.rows:
            judge(chunk, row, references[row.number], orders.get(ids[row.number]), names)

    async def undo(self, chunk: Chunk) -> None:
        if not chunk.dry:
            await importing.alone(chunk.connection)
        ids = [row.thing_id for row in chunk.rows if row.thing_id]
        orders = await importing.mirrored(chunk.connection, chunk.shelf, ids, lock=True)
        spoken = {order.reference for order in orders.values()}
        gone = [order for row in chunk.rows if (order := take_back(chunk, row, orders.get(row.thing_id) if row.thing_id else None))]
        await let_go(chunk, spoken, gone)


def judge(chunk: Chunk, row: Row, reference: str, order: Order | None, names: Names) -> None:
    values, named_id = row.values, customer_of(reference)
    holder, erased = names.holder(reference), names.erased_as(reference)
    if order and not sees(chunk, order, names):
        return chunk.failed(row, "order_id", ANOTHER_UNITS, LEAVE_OUT)
    if holder and not chunk.scope.sees(holder.unit):
        return chunk.failed(row, "customer_id", NOT_YOURS, LEAVE_OUT)
    if order and chunk.existing is not Existing.UPDATE:
        if chunk.existing is Existing.SKIP:
            return chunk.skipped(row, THERE, id=order.id, named_id=named_id)
        return chunk.failed(row, "order_id", THERE, UPDATE_OR_LEAVE, named_id=named_id)
    if not is_sound(chunk, row):
        return None
    if chunk.dry and order is None:
        return chunk.created(row, order_id_of(chunk.system, values["order_id"]), named_id=named_id)  # nothing else can refuse it
    said = said_of(values, reference, chunk, holder.unit if holder else chunk.unit)
    was = order.facts.get(past.FILED) if order else None
    if order and was and {**was, "import": ""} == {**said, "import": ""}:
        return chunk.skipped(row, NO_NEWS, id=order.id, named_id=named_id)
    source = unmaking.source_of(chunk.system)
    mirror = order or Order.heard_of(reference, values["order_id"], source=source, at=chunk.at)
    mirror.filed(said)
    mirror.come_to_rest(erased.customer_id if erased else None)
    known = [] if holder or erased else mention(reference, source=source, unit=chunk.unit, at=chunk.at)
    names.learn(known)
    chunk.keep([mirror, *known])
    if order is None:
        return chunk.created(row, mirror.id, named_id=named_id)
    return chunk.updated(row, mirror.id, before={"said": was}, named_id=named_id)


def sees(chunk: Chunk, order: Order, names: Names) -> bool:
    """Whoever imports. An order is the unit's that its events name, otherwise its customer's."""
    if chunk.scope.units is None:
        return True
    holder = names.holder(order.reference)
    unit = order.unit or (holder.unit if holder else None)
    return unit is not None and chunk.scope.sees(unit)


def is_sound(chunk: Chunk, row: Row) -> bool:
    """All that is wrong is told at once."""
    values, unit, sound = row.values, row.values.get("unit"), True
    for field in MOMENTS:
        if (at := values.get(field)) and at > chunk.at + AHEAD:
            chunk.failed(row, field, NOT_YET, "Write when it happened, or leave the cell empty.")
            sound = False
    if (total := values.get("total")) is not None and total < 0:
        chunk.failed(row, "total", NEGATIVE, "Write the amount of the order; what was paid back is not part of it.")
        sound = False
    if unit is not None and (unit not in chunk.units.units or not chunk.scope.sees(unit)):
        chunk.failed(row, "unit", UNKNOWN_UNIT, A_UNIT_OF_OURS)
        sound = False
    return sound


def said_of(values: Mapping[str, Any], reference: str, chunk: Chunk, unit: str) -> Fact:
    moments: dict[str, datetime | None] = {field.removesuffix("_at"): values.get(field) for field in MOMENTS}
    total, until = values.get("total"), values.get("promised_delivery_until")
    place = {name: it for name in ("region", "city") if (it := values.get(name))}
    carrier = values.get("carrier")
    return past.said(
        chunk.import_id, reference=reference, source=unmaking.source_of(chunk.system), unit=values.get("unit"), moments=moments,
        status=values.get("status"), shipping={"carrier": carrier and {"code": carrier}, "tracking_number": values.get("tracking_number")},
        terms={
            "total": amount(total, values.get("currency") or chunk.units[unit].currency) if total is not None else None,
            "promised_delivery_until": until.date() if isinstance(until, datetime) else until,
            "ship_to": place or None, "payment_terms": values.get("payment_terms"),
        },
    )  # fmt: skip


def amount(total: Decimal, currency: str) -> dict[str, str]:
    return {"amount": f"{total:.4f}", "currency": currency}


def take_back(chunk: Chunk, row: Row, order: Order | None) -> Order | None:
    """The order, where nothing else is known of it than what the import said."""
    filed = order.facts.get(past.FILED) if order else None
    if order is None:
        chunk.undone(row)
    elif order.erased_id is not None or (row.became is Became.UPDATED and row.before is None):
        chunk.kept(row, ERASED_SINCE)
    elif not filed or filed["import"] != str(chunk.import_id):
        chunk.kept(row, SAID_SINCE)
    else:
        chunk.undone(row)
        order.filed(row.before and row.before["said"])
        if not order.facts:
            return order
        order.come_to_rest(None)
    return None


async def let_go(chunk: Chunk, references: set[str], gone: list[Order]) -> None:
    """Orders that only the import made, and customers whom only such orders had mentioned."""
    names = await importing.names(chunk.connection, chunk.shelf, references, lock=True, declaring=False)
    lonely = {name: it for name in sorted(references) if (it := unmaking.only_imported(name, names.claims, names.customers))}
    found = await importing.unmentioned(chunk.connection, [(it.id, name) for name, it in lonely.items()], [it.id for it in gone])
    chunk.keep([*unmaking.gone(gone), *unmaking.unmake([it for it in lonely.values() if it.id in found], names.claims)])


ORDERS = Orders()
