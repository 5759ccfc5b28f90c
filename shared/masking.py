"""Contact points and what else tells who somebody is, as everybody may see it: enough to recognise one that is known, too little to use one that is not.

Views say it with their types (`MaskedPhone`, `MaskedEmail`, `MaskedText`); the document shows it as `x-masked`. Names stay: people must be spoken of.
"""

import re
from collections.abc import Callable
from datetime import date
from typing import Annotated, Any

from pydantic import PlainSerializer, WithJsonSchema

COUNTRY = re.compile(r"[17]|2[07]|3[0-469]|4[013-9]|5[1-8]|6[0-6]|8[1246]|9[0-58]|[0-9]{3}")
HIDDEN = 4  # digits at the least

# In free text. Digits that stand in a longer word of letters and digits are somebody's number of an order or a parcel and stay.
GAP = r"[ .\-\u00a0\u2010-\u2015]?"
ALONE, ENDS = r"(?<![0-9A-Za-z*])", r"(?![0-9A-Za-z*]|\.\d{1,4}(?!\d))"  # 13800138000.50 is an amount
SAID = (
    rf"(?:{ALONE}|{'|'.join(f'(?<=(?i:{it}))' for it in ('tel', 'phone', 'mobile', 'mob', 'cell', 'fax', 'call', 'wechat', 'vx', 'wx'))})"
)
RUNS_ON = r"(?![0-9*]|[A-Za-z]+[0-9]|\.\d{1,4}(?!\d))"  # a word may follow a phone at once
UUIDS = re.compile(r"((?<![0-9A-Za-z])[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}(?![0-9A-Za-z]))")
SLASHED = GAP.replace("[", "[/")
ROW, ROW_ENDS = r"(?<![0-9A-Za-z*])(?<!\d[ ./\-])", rf"{ENDS}(?![ ./\-]\d)"  # not one of a row of numbers
ADDRESS = re.compile(r"(?<![A-Za-z0-9._%+'\-])[A-Za-z0-9._%+'\-]++@[\w\-]+(?:\.[\w\-]+)+")
FOREIGN_ADDRESS = re.compile(r"(?<![\w.])[\w.]++@[\w\-]+(?:\.[\w\-]+)+")
LOCAL_ADDRESS = re.compile(r"(?<![\w.%+'\-*])[A-Za-z][A-Za-z0-9._%+'\-]*+@[A-Za-z][A-Za-z0-9\-]+(?![\w@]|\.\w)", re.ASCII)
INTERNATIONAL = re.compile(r"(?<![0-9*])\+[1-9](?:[ .()\-\u00a0\u2010-\u2015]{0,2}\d){7,14}(?!\d)")
ABROAD = re.compile(rf"{ROW}00([1-9]\d{{0,2}}([ .\-])\d{{1,5}}(?:\2\d{{1,5}}){{1,4}}){ROW_ENDS}")  # 0044 20 7946 0958
MOBILE = re.compile(rf"{SAID}(?:(?:00)?86{GAP})?(1[3-9]\d{SLASHED}\d{{4}}{SLASHED}\d{{4}}){RUNS_ON}")
SPLIT_MOBILE = re.compile(rf"{ROW}(1[3-9]\d(?:\d([ ./\-])\d{{4}}\2\d{{3}}|([ ./\-])\d{{3}}\3\d{{5}})){ROW_ENDS}")  # 1380 0138 000
LANDLINE = re.compile(rf"{SAID}\(?0((?:10|2\d|[3-9]\d\d)\)?{GAP}\d{{3,4}}{GAP}\d{{4}}){RUNS_ON}")
SPOKEN = re.compile(  # digits that could be anything, were it not for the word before them: local numbers, those of Hong Kong
    r"((?:电话|手机|座机|致电|来电|拨打|传真|(?<![A-Za-z])(?i:telephone|tel|phone|mobile|mob|fax|call(?: (?:me|us|him|her|them|back|at|on)){0,3}))"
    r"(?:号码?|(?i: ?(?:no|number)))?[.:：#=是为 ]{0,3})(?!(?:19|20|21)\d\d[ \-]?(?:0[1-9]|1[0-2])[ \-]?(?:0[1-9]|[12]\d|3[01]))"
    rf"([2-9](?:[ \-]?\d){{6,11}}|00[1-9](?:[ \-]?\d){{7,13}}|0[1-9](?:[ \-]?\d){{8,10}}|1[3-9](?:[ \-]?\d){{9}}){ENDS}"
)
IDENTITY = re.compile(rf"{ALONE}(\d{{6}}){GAP}((?:18|19|20)\d{{6}}){GAP}(\d{{3}}[\dXx]){ENDS}")
OLD_IDENTITY = re.compile(rf"{ALONE}(\d{{6}})(\d{{6}})(\d{{3}}){ENDS}")
CARD = re.compile(rf"{ALONE}\d(?:[ \-]?\d){{14,18}}{ENDS}")
PASSPORT = re.compile(rf"{ALONE}[EGeg](?:\d{{8}}|[A-Za-z]\d{{7}}){ENDS}")
PERHAPS = re.compile(r"[@＠]|\d(?:[^\d]{0,2}\d){6}")  # nothing shorter is a number of somebody
A_DAY = re.compile(r"(?<!\d)(?:19|20|21)\d\d([ .\-])(?:0[1-9]|1[0-2])\1[0-3]\d(?!\d)")
ASCII = str.maketrans("０１２３４５６７８９＋－＠（）．\u3000", "0123456789+-@(). ")

PROVINCES = frozenset(
    map(str, (*range(11, 16), *range(21, 24), *range(31, 38), *range(41, 47), *range(50, 55), *range(61, 66), 71, 81, 82, 83))
)
WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)  # GB 11643
ISSUERS = re.compile(r"62|4|5[1-5]|2[2-7]|3[47]|60|65|35|9558")


def masked_phone(phone: str) -> str:
    """`+86 138****8000`"""
    digits = phone.removeprefix("+")
    code = COUNTRY.match(digits)
    size = code.end() if code else 0
    number = digits[size:]
    tail = 4 if len(number) >= 4 + HIDDEN else max(len(number) - HIDDEN, 0) // 2
    head = min(3, max(len(number) - HIDDEN - tail, 0))
    return f"+{digits[:size]} {number[:head]}****{number[len(number) - tail :]}"


def masked_email(address: str) -> str:
    """`a***@example.com`"""
    name, _, host = address.rpartition("@")
    return f"{name[:1]}***@{host}"


def masked_text(text: str) -> str:
    """Free text without phone numbers, mail addresses, numbers of identity cards, passports and bank cards; order numbers, times and ids stay.

    Masked again it is the same."""
    if not PERHAPS.search(text):
        return text
    plain = text if text.isascii() else text.translate(ASCII)
    masked = plain
    while (next_ := "".join(part if n % 2 else once(part) for n, part in enumerate(UUIDS.split(masked)))) != masked:
        masked = next_  # a mask may part what stood together; digits only get fewer, so this ends
    return text if masked == plain else masked


def once(text: str) -> str:
    if "@" in text:
        for addresses in (ADDRESS, FOREIGN_ADDRESS, LOCAL_ADDRESS):
            text = addresses.sub(lambda found: masked_email(found[0]), text)
    text = IDENTITY.sub(lambda found: hidden(found[0], born(found[1], found[2]) and checked(digits_in(found[0]))), text)
    text = CARD.sub(lambda found: hidden(found[0], is_card(digits_in(found[0]))), text)
    text = INTERNATIONAL.sub(lambda found: masked_phone(digits_in(found[0])), text)
    text = MOBILE.sub(lambda found: masked_phone(f"86{digits_in(found[1])}"), text)
    text = SPLIT_MOBILE.sub(lambda found: masked_phone(f"86{digits_in(found[1])}"), text)
    text = ABROAD.sub(lambda found: masked_phone(digits_in(found[1])) if rings(found[1]) else found[0], text)
    text = LANDLINE.sub(lambda found: masked_phone(f"86{digits_in(found[1])}"), text)
    text = OLD_IDENTITY.sub(lambda found: hidden(found[0], born(found[1], f"19{found[2]}")), text)
    text = PASSPORT.sub(lambda found: hidden(found[0], True), text)
    return SPOKEN.sub(lambda found: found[1] + hidden(digits_in(found[2]), True), text)


def hidden(number: str, is_one: bool) -> str:
    """`****1234`: its last four, of a short one its last, if it is what it looks like."""
    return f"****{number[-4:] if len(digits_in(number)) >= 4 + HIDDEN else number[-1:]}" if is_one else number


def rings(number: str) -> bool:
    """Abroad; or is it the number of an order with the day in it?"""
    return 9 <= len(digits_in(number)) <= 15 and not A_DAY.search(number)


def digits_in(text: str) -> str:
    return "".join(it for it in text if it.isascii() and it.isalnum())


def born(region: str, day: str) -> bool:
    try:
        date(int(day[:4]), int(day[4:6]), int(day[6:]))
    except ValueError:
        return False
    return region[:2] in PROVINCES


def checked(number: str) -> bool:
    total = sum(int(digit) * weight for digit, weight in zip(number[:17], WEIGHTS, strict=True))
    return "10X98765432"[total % 11] == number[17].upper()


def is_card(number: str) -> bool:
    """Luhn, and begun by one that issues cards."""
    doubled = (int(digit) * 2 if n % 2 else int(digit) for n, digit in enumerate(reversed(number)))
    return sum(it - 9 if it > 9 else it for it in doubled) % 10 == 0 and ISSUERS.match(number) is not None


def masked_facts(told: Any) -> Any:
    """Everything that is said in an object of an event, by `masked_text`."""
    if isinstance(told, str):
        return masked_text(told)
    if isinstance(told, dict):
        return {name: masked_facts(it) for name, it in told.items()}
    return [masked_facts(it) for it in told] if isinstance(told, list | tuple) else told


def shown_as(kind: str, mask: Callable[[str], str], **more: Any) -> tuple[PlainSerializer, WithJsonSchema]:
    return PlainSerializer(mask, return_type=str), WithJsonSchema({"type": "string", "x-masked": kind} | more)


MaskedPhone = Annotated[str, *shown_as("phone", masked_phone, examples=["+86 138****8000"])]
MaskedEmail = Annotated[str, *shown_as("email", masked_email, examples=["a***@example.com"])]
MaskedText = Annotated[str, *shown_as("text", masked_text)]  # what people wrote, or may have written, with the contact points in it masked
MaskedFacts = Annotated[
    dict[str, Any],
    PlainSerializer(masked_facts, return_type=dict[str, Any]),
    WithJsonSchema({"type": "object", "additionalProperties": True, "x-masked": "facts"}),
]
