"""What a register is asked as: JSON, CSV or XLSX, in which characters and under which headings. `?format=` says it, otherwise `Accept`.

What would be ignored is refused: who asks for a page of a table would take the page for the whole.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from shared.problems import HttpProblem, InvalidRequest


class Format(StrEnum):
    JSON = "json"
    CSV = "csv"
    XLSX = "xlsx"


class Encoding(StrEnum):
    UTF_8 = "utf-8"
    GB18030 = "gb18030"


class Headings(StrEnum):
    ZH = "zh"
    NAMES = "names"


MEDIA = {
    Format.JSON: "application/json",
    Format.CSV: "text/csv",
    Format.XLSX: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}
FORMATS = {str(it): it for it in Format}
RANGE = re.compile(r"\s*([\w!#$&^.+\-*]+)/([\w!#$&^.+\-*]+)\s*((?:;[^,]*)?)")
QUALITY = re.compile(r";\s*[qQ]\s*=\s*([01](?:\.\d{0,3})?)\s*(?:;|$)")


class NotAcceptable(HttpProblem):
    """There is nothing of that kind."""

    status = 406


@dataclass(frozen=True, slots=True)
class Wanted:
    """As what somebody wants a register."""

    format: Format
    encoding: Encoding = Encoding.UTF_8
    headings: Headings = Headings.ZH

    @property
    def media(self) -> str:
        return f"{MEDIA[self.format]}; charset={self.encoding}" if self.format is Format.CSV else MEDIA[self.format]


def wanted(params: Mapping[str, str], accept: str, *, encoding: Encoding | None, headings: Headings | None) -> Wanted:
    """What the request asks for; refused where a part of it would be ignored."""
    format = format_of(params, accept)
    if format is None:
        raise NotAcceptable(
            "A register comes as JSON, CSV or XLSX, and your `Accept` takes none of them.",
            field="Accept",
            fix=f"Send `Accept: {MEDIA[Format.CSV]}`, `{MEDIA[Format.XLSX]}` or `{MEDIA[Format.JSON]}`, or add `?format=csv`, `xlsx` or `json`.",
        )
    if format is not Format.JSON and (part := next((it for it in ("cursor", "limit", "count") if it in params), None)):
        raise InvalidRequest(
            "A table is the whole register; it has no pages.", field=part, fix="Leave it out, and narrow the register by its filters."
        )
    if format is Format.JSON and headings:
        raise InvalidRequest("Only a table has headings.", field="headings", fix="Leave it out, or add `?format=csv` or `xlsx`.")
    if format is not Format.CSV and encoding:
        raise InvalidRequest("Only CSV comes in one encoding or another.", field="encoding", fix="Leave it out, or add `?format=csv`.")
    return Wanted(format, encoding or Encoding.UTF_8, headings or Headings.ZH)


def format_of(params: Mapping[str, str], accept: str) -> Format | None:
    """`?format=` counts for more than `Accept`; None: `Accept` takes nothing of ours."""
    if (said := params.get("format")) is not None:
        return FORMATS.get(said, Format.JSON)  # what is none of these is refused where parameters are read
    if not accept or accept in ("*/*", MEDIA[Format.JSON]):
        return Format.JSON
    return best(accept)


def best(accept: str) -> Format | None:
    """What a caller likes best of what we have: by its quality, then by how plainly it is named, then as ours are ordered. RFC 9110, 12.5.1."""
    ranges = [it for part in accept.split(",") if (it := RANGE.fullmatch(part))]
    if not ranges:
        return Format.JSON  # nothing that can be read says nothing
    liked = [(*liking(media, ranges), -n, format) for n, (format, media) in enumerate(MEDIA.items())]
    quality, _, _, format = max(liked)
    return format if quality > 0 else None


def liking(media: str, ranges: list[re.Match[str]]) -> tuple[float, int]:
    """The quality that the plainest range gives it, and how plain that is."""
    fitting = [
        (2 if kind.lower() == media else 1 if sub == "*" and main != "*" else 0, quality_of(it[3]))
        for it in ranges
        if (main := it[1].lower()) and (sub := it[2].lower()) and (kind := f"{main}/{sub}")
        if kind in (media, f"{media.partition('/')[0]}/*", "*/*")
    ]
    plainness, quality = max(fitting, default=(0, 0.0))
    return quality, plainness


def quality_of(parameters: str) -> float:
    if "q=" not in parameters.lower().replace(" ", ""):
        return 1.0
    told = QUALITY.search(parameters)
    return min(float(told[1]), 1.0) if told else 0.0  # a quality that is none is no wish
