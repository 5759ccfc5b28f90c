"""Which of our two languages a caller would rather read: `Accept-Language` (RFC 9110, 12.5.4; RFC 4647, 3.4)."""

import re
from typing import Literal

Language = Literal["en", "zh"]
LONGEST = 500  # characters of the header that are read; browsers send 50
RANGE = re.compile(r"\s*(\*|[A-Za-z]{1,8}(?:-[A-Za-z0-9]{1,8})*)\s*(?:;\s*[Qq]\s*=\s*(0(?:\.[0-9]{0,3})?|1(?:\.0{0,3})?)\s*)?")


def preferred(header: str | None) -> Language:
    """English, unless Chinese is wanted more; of two that are wanted alike the one that stands first. All Chinese is simplified: there is no other."""
    weights: dict[str, tuple[float, int]] = {}
    for place, part in enumerate((header or "")[:LONGEST].split(",")):
        told = RANGE.fullmatch(part)
        if told is None:
            continue  # one part that nobody can read does not spoil the others
        language, weight = told[1].partition("-")[0].lower(), float(told[2] or 1)
        weights[language] = max(weights.get(language, (-1.0, 0)), (weight, -place))
    chinese, english = weights.get("zh", (0.0, 0)), weights.get("en", weights.get("*", (0.0, 0)))
    return "zh" if chinese[0] > 0 and chinese > english else "en"
