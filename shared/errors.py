"""The few ways in which a rule refuses; only the HTTP edge knows their status codes.

A refusal's text is a sentence for the reader: what is wrong and what to do. Its class name, in words, is the problem's type.
"""

from typing import ClassVar


class Refusal(Exception):
    """It can't be done."""

    fix: ClassVar[str | None] = None  # what the caller can do about it

    def __init__(self, message: str | None = None, *, field: str | None = None) -> None:
        super().__init__(message or type(self).__doc__)
        self.field = field  # JSON pointer of what to mend, where one field is at fault


class NotFound(Refusal):
    """There is no such thing."""

    fix = "Take the id as its register has it."


class Conflict(Refusal):
    """The state does not allow it."""

    def __init__(self, message: str | None = None, *, allowed: tuple[str, ...] = (), field: str | None = None) -> None:
        super().__init__(message, field=field)
        self.allowed = allowed  # what the state does allow instead


class Refused(Refusal):
    """You may not do this."""


class Invalid(Refusal):
    """What was sent does not mean anything here."""


class Unacceptable(Refusal):
    """What was published can't stand. On Kafka it is parked and told to its publisher under this code (see `careloop.rejections`)."""

    code = "invalid"
    forget: ClassVar[bool] = False  # nothing of the record may be kept: not its bytes, and not the record on a compacted topic
