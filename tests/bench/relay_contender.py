"""What every relay on the bench can do."""

from collections.abc import Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass

from tests.bench.relay_rows import Row, Write
from tests.bench.stage import Process


@dataclass(frozen=True, slots=True)
class Contender:
    """`rows` are its backlog: enough for some seconds. Between `start` and `rest` it relays; otherwise it costs nothing."""

    name: str
    out: str  # where its events come out
    rows: int
    fill: Callable[[Sequence[Row]], Awaitable[None]]
    writer: Callable[[], AbstractAsyncContextManager[Write]]
    start: Callable[[], Awaitable[Process]]
    rest: Callable[[Process], Awaitable[None]]
