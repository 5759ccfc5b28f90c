"""The only place that asks what time it is.

`CARELOOP_CLOCK_OFFSET` (development only, shown in `/healthz`) moves a running system's now: an ISO 8601 duration such as `PT36H` or `-P1D`.
"""

import os
from datetime import UTC, datetime, timedelta

from pydantic import TypeAdapter

OFFSET: timedelta = TypeAdapter(timedelta).validate_python(os.environ.get("CARELOOP_CLOCK_OFFSET") or "PT0S")


def now() -> datetime:
    """UTC, with zone."""
    return datetime.now(UTC) + OFFSET
