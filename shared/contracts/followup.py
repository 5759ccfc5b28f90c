"""What follow-up announces: what customers are told, and what became of it. Ids, times and codes; never what was written, never to where."""

from datetime import datetime
from uuid import UUID

from shared.contracts import OfCustomer


class NoticeEvent(OfCustomer):
    topic = "careloop.followup"

    notice_id: UUID
    kind: str
    order_id: str
    shipment_id: str | None

    @property
    def subject(self) -> str:
        return str(self.notice_id)


class NoticePlanned(NoticeEvent):
    """A customer will be told something, not before `due_at`."""

    name = "notice.planned.v1"
    due_at: datetime


class NoticeSent(NoticeEvent):
    """A gateway took it. `unsure`: it did not say so; it may have arrived."""

    name = "notice.sent.v1"
    sent_at: datetime
    channel: str
    unsure: bool = False


class NoticeFailed(NoticeEvent):
    """No channel took it."""

    name = "notice.failed.v1"
    reason: str


class NoticeSuperseded(NoticeEvent):
    """Newer news made it pointless before it was sent."""

    name = "notice.superseded.v1"


class NoticeCalledOff(NoticeEvent):
    """What it was to tell is over, or was never true."""

    name = "notice.called_off.v1"
    reason: str


class NoticeSkipped(NoticeEvent):
    """It is registered, and nobody is messaged."""

    name = "notice.skipped.v1"
    reason: str
