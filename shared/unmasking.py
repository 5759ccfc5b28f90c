"""Looking behind the mask: which fields, and for what. Each look leaves a line in the audit trail, in the transaction of the look itself.

No line, no answer; and the answer lies nowhere: it is not kept for a repeat, which looks again and leaves another line.
"""

from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum
from typing import Any, Generic, TypeVar

from pydantic import Field
from sqlmodel.ext.asyncio.session import AsyncSession

from shared import audit
from shared.http import Body
from shared.metrics import Metrics


class Purpose(StrEnum):
    """What somebody needs a masked value for. Nobody is shown one for anything else."""

    CALL_CUSTOMER = "call_customer"  # to call, write or text them
    DELIVER = "deliver"  # to bring or send them something, or to visit them
    VERIFY_IDENTITY = "verify_identity"  # to see that somebody is who they say
    HANDLE_COMPLAINT = "handle_complaint"  # to understand and settle what they said
    PRIVACY_REQUEST = "privacy_request"  # they ask what is kept of them, or for its erasure
    LEGAL = "legal"  # an authority or a court asks


class Shown(StrEnum):
    """What kind of personal data a field holds."""

    CONTACT = "contact"  # how and where somebody is reached
    CONSENT = "consent"
    WORDS = "words"  # what somebody said, with whatever they said of themselves


Name = TypeVar("Name", bound=str)
MOST = 20


class Unmasking(Body, Generic[Name]):
    """Which fields, and for what."""

    purpose: Purpose = Field(
        description="call_customer: to call, write or text them; deliver: to bring or send something, or to visit; verify_identity: to see that "
        "somebody is who they say; handle_complaint: to understand and settle what they said; privacy_request: they ask what is kept of them, "
        "or for its erasure; legal: an authority or a court asks"
    )
    fields: list[Name] = Field(min_length=1, max_length=MOST)


def at_zero(metrics: Metrics) -> None:
    """A first look must differ from none."""
    for kind in Shown:
        for purpose in Purpose:
            metrics.pii_reads_total.labels(field_class=kind.value, purpose=purpose.value)


async def looked(
    session: AsyncSession, metrics: Metrics, asked: Unmasking[Any], kinds: dict[str, Shown], *, about: str, unit: str, by: str, at: datetime
) -> Sequence[str]:
    """Leave the line, and count; which fields are to be shown, each once."""
    fields = list(dict.fromkeys(asked.fields))
    await audit.record(session, "unmasked", by=by, about=about, at=at, purpose=asked.purpose.value, fields=fields, unit=unit)
    for kind in sorted({kinds[name] for name in fields}):
        metrics.pii_reads_total.labels(field_class=kind.value, purpose=asked.purpose.value).inc()
    return fields
