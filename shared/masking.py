"""Contact points as everybody may see them: enough to recognise one that is known, too little to use one that is not."""

import re

COUNTRY = re.compile(r"[17]|2[07]|3[0-469]|4[013-9]|5[1-8]|6[0-6]|8[1246]|9[0-58]|[0-9]{3}")
HIDDEN = 4  # digits at the least


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
