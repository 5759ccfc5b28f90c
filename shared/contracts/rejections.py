"""What we tell a publisher about a record of theirs that we could not accept."""

from typing import ClassVar
from uuid import UUID

from pydantic import ConfigDict, Field

from shared.contracts import Event


class EventRejected(Event):
    """A record was parked because of what it is. Nothing of it is lost: mend it and send it again under the same id."""

    model_config = ConfigDict(populate_by_name=True)
    name: ClassVar[str] = "event.rejected.v1"
    topic: ClassVar[str] = "careloop.rejections"

    source: str | None = None  # null where it could not be read
    id: str | None = None
    type: str | None = None
    rejected_topic: str = Field(alias="topic")
    partition: int
    offset: int
    code: str
    pointer: str | None = None
    message: str
    parked_id: UUID
    unit: str

    @property
    def key(self) -> str:
        return self.source or "unknown"

    @property
    def subject(self) -> str | None:
        return str(self.parked_id)

    @property
    def unit_of(self) -> str:
        return self.unit
