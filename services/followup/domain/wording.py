"""What a customer reads, in Chinese or English. It names the order, never the person: a message may be read by others."""

from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from services.followup.domain.fulfilment import when
from services.followup.domain.news import Kind
from services.followup.domain.notice import Notice
from services.followup.domain.policy import Trade
from shared.units import Unit

REASONS = {
    "zh": {"weather": "天气原因", "traffic": "交通原因", "capacity": "运力不足", "customs": "海关查验", "damaged": "货物受损", "lost": "货物遗失",
           "refused": "收货方拒收", "address": "地址有误", "other": "其他原因"},
    "en": {"weather": "weather", "traffic": "traffic", "capacity": "lack of capacity", "customs": "customs", "damaged": "damage", "lost": "loss",
           "refused": "refused on delivery", "address": "a wrong address", "other": "another reason"},
}  # fmt: skip
MILESTONES = {
    "zh": {"scheduled": "已安排生产", "started": "已开始生产", "in_progress": "生产进行中", "inspected": "已完成检验", "completed": "已生产完成"},
    "en": {"scheduled": "is scheduled for production", "started": "went into production", "in_progress": "is being produced",
           "inspected": "passed inspection", "completed": "has left production"},
}  # fmt: skip


def worded(notice: Notice, language: str, trade: Trade) -> tuple[str, str]:
    """Subject and text."""
    unit = trade.unit(notice.unit)
    known = trade.policy(notice.unit).languages
    short = language.split("-")[0].lower()
    return (english if (short if short in known else known[0]) == "en" else chinese)(notice, notice.facts, unit)


def chinese(notice: Notice, facts: dict[str, Any], unit: Unit) -> tuple[str, str]:
    order, day = notice.order_id, said(facts.get("until"), unit, "%Y年%m月%d日", "%Y年%m月%d日%H:%M")
    parcel = "".join(f"，{what}：{fact}" for what, fact in (("物流公司", carrier(facts)), ("运单号", facts.get("tracking_number"))) if fact)
    match notice.kind:
        case Kind.SHIPPED:
            return f"订单{order}已发货", f"您好！您的订单{order}已发货{parcel}" + (f"，预计{day}前送达" if day else "") + "。"
        case Kind.DELAYED:
            reason = REASONS["zh"].get(facts["reason"], REASONS["zh"]["other"])
            news = f"，新的预计送达时间：{day}前" if day else "，新的送达时间暂未确定，确定后将尽快告知您"
            return f"订单{order}配送延迟", f"您好！很抱歉，您的订单{order}因{reason}将延迟送达{news}{parcel}。"
        case Kind.EXCEPTED:
            reason = REASONS["zh"].get(facts["reason"], REASONS["zh"]["other"])
            return f"订单{order}配送异常", f"您好！您的订单{order}在配送途中出现异常（{reason}），我们正在与物流公司协调处理" + (
                f"，预计{day}前送达" if day else ""
            ) + f"{parcel}。"
        case Kind.PROGRESSED:
            done = said(facts.get("completion"), unit, "%Y年%m月%d日", "%Y年%m月%d日")
            return f"订单{order}生产进度", f"您好！您的订单{order}{MILESTONES['zh'][facts['milestone']]}" + (
                f"，预计{done}完成" if done else ""
            ) + "。"
        case Kind.DELIVERED:
            return f"订单{order}已送达", f"您好！您的订单{order}已送达，感谢您的信任。"


def english(notice: Notice, facts: dict[str, Any], unit: Unit) -> tuple[str, str]:
    order, day = notice.order_id, said(facts.get("until"), unit, "%d %B %Y", "%d %B %Y, %H:%M")
    parcel = "".join(
        f" {what}: {fact}." for what, fact in (("Carrier", carrier(facts)), ("Tracking number", facts.get("tracking_number"))) if fact
    )
    match notice.kind:
        case Kind.SHIPPED:
            return f"Order {order} has shipped", f"Your order {order} is on its way.{parcel}" + (
                f" We expect it to arrive by {day}." if day else ""
            )
        case Kind.DELAYED:
            reason = REASONS["en"].get(facts["reason"], REASONS["en"]["other"])
            news = f"We now expect it by {day}." if day else "We do not know the new date yet and will tell you as soon as we do."
            return f"Order {order} is delayed", f"We are sorry: your order {order} is delayed ({reason}). {news}{parcel}"
        case Kind.EXCEPTED:
            reason = REASONS["en"].get(facts["reason"], REASONS["en"]["other"])
            news = f" We expect it by {day}." if day else ""
            return (
                f"A problem with order {order}",
                f"There is a problem with the delivery of your order {order} ({reason}). We are sorting it out with the carrier.{news}{parcel}",
            )
        case Kind.PROGRESSED:
            done = said(facts.get("completion"), unit, "%d %B %Y", "%d %B %Y")
            return f"Order {order}: production", f"Your order {order} {MILESTONES['en'][facts['milestone']]}." + (
                f" We expect it to be completed on {done}." if done else ""
            )
        case Kind.DELIVERED:
            return f"Order {order} has arrived", f"Your order {order} has been delivered. Thank you."


def carrier(facts: dict[str, Any]) -> str | None:
    told = facts.get("carrier") or {}
    name: str | None = told.get("name") or told.get("code")
    return name


def said(text: str | None, unit: Unit, day: str, moment: str) -> str | None:
    """A day as a day, a moment in the unit's own time."""
    if not text:
        return None
    it = when(text)
    zone: ZoneInfo = unit.clock
    return it.astimezone(zone).strftime(moment) if isinstance(it, datetime) else date.strftime(it, day)
