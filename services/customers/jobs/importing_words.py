"""Words of spreadsheets about customers and orders, read into our codes. What stands in an import's `values` is put into codes before."""

import re
from collections.abc import Mapping

from services.customers.domain.customer import Kind
from services.customers.domain.past import STATUSES
from shared.imports.reading_values import Reader, Reading, Unreadable, plain, text
from shared.units import zone_named

KINDS = {
    "个人": Kind.PERSON, "自然人": Kind.PERSON, "个人客户": Kind.PERSON, "person": Kind.PERSON, "individual": Kind.PERSON,
    "企业": Kind.COMPANY, "公司": Kind.COMPANY, "单位": Kind.COMPANY, "企业客户": Kind.COMPANY, "company": Kind.COMPANY, "business": Kind.COMPANY,
}  # fmt: skip
LANGUAGES = {
    "中文": "zh-CN",
    "汉语": "zh-CN",
    "简体中文": "zh-CN",
    "繁体中文": "zh-TW",
    "英文": "en",
    "英语": "en",
    "德语": "de",
    "日语": "ja",
}
CHANNELS = {
    "电话": "phone",
    "手机": "phone",
    "短信": "sms",
    "邮件": "email",
    "邮箱": "email",
    "电子邮件": "email",
    "微信": "chat",
    "信函": "post",
}
STATUS_WORDS = {
    "已下单": "received", "待确认": "received", "待付款": "received", "created": "received", "new": "received", "open": "received",
    "已确认": "confirmed", "已付款": "confirmed", "待发货": "confirmed", "approved": "confirmed", "invoiced": "confirmed", "paid": "confirmed",
    "生产中": "in_production", "processing": "in_production",
    "已发货": "shipped", "运输中": "shipped", "配送中": "shipped",
    "已签收": "delivered", "已送达": "delivered", "已完成": "delivered", "已交货": "delivered", "completed": "delivered",
    "已取消": "cancelled", "已作废": "cancelled", "canceled": "cancelled", "unavailable": "cancelled",
} | {code: code for code in STATUSES}  # fmt: skip
LANGUAGE = re.compile(r"[A-Za-z]{2,8}([-_][A-Za-z0-9]{1,8}){0,3}")
REFERENCE = re.compile(r"[a-z0-9][a-z0-9_-]{0,31}/[^\n]{1,64}")


def word(known: Mapping[str, str], codes: tuple[str, ...]) -> Reader:
    """One of our codes, or a word that is known for it."""

    def read(told: str, _: Reading) -> str:
        found = known.get(plain(told).casefold())
        if found is None:
            raise Unreadable(
                "This word is not known here.", f"Write one of {', '.join(codes)}, or say in `values` which of them this word stands for."
            )
        return str(found)

    return read


kind = word(KINDS, (str(Kind.PERSON), str(Kind.COMPANY)))
status = word(STATUS_WORDS, STATUSES)


def name(told: str, how: Reading) -> str:
    """As it is written; NULL is a surname."""
    return str(text(500)(told.strip(), how))


def channel(told: str, how: Reading) -> str:
    return CHANNELS.get(plain(told)) or name(told, how)


def language(told: str, _: Reading) -> str:
    found = LANGUAGES.get(plain(told), told)
    if not LANGUAGE.fullmatch(found):
        raise Unreadable("It is no language.", "Write its tag: zh-CN, en.")
    return found


def zone(told: str, _: Reading) -> str:
    if zone_named(told) is None:
        raise Unreadable("It is no time zone of the IANA database.", "Write its name there: Asia/Shanghai.")
    return told


def reference(told: str, _: Reading) -> str:
    if not REFERENCE.fullmatch(told) or "\0" in told:
        raise Unreadable(
            "It is no name that a system has for a customer.", "Write the system, a slash and the customer's id in it: shop/10023."
        )
    return told
