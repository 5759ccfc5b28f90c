"""When most of a topic fails for a reason of ours, parking it all would only hide that: the service stops consuming it and says so.

It tries a small batch a minute until it works or someone resumes it. The stop stands in the database: every worker of the service keeps to it.
A gap is another matter: records of one partition that the broker forgot before we read them. It stands there as `topic/partition`, nobody tries
it, and only a person lets the partition go on, with the earliest record that is left.
"""

from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from asyncpg import Connection

WINDOW = 200  # records of a topic that are looked back at
PROBED_EVERY = 60.0  # seconds
PROBE = 10  # records
Went = Mapping[str, Sequence[tuple[bool, str]]]  # how the records of a batch went, by topic: did they fail, and why


class Stop(Exception):
    """More than half of the last records of this topic failed for a reason of ours."""

    def __init__(self, topic: str, reason: str) -> None:
        super().__init__(topic, reason)
        self.topic, self.reason = topic, reason


class Windows:
    """How the last records of each topic went: True where they failed for a reason of ours."""

    def __init__(self) -> None:
        self.last: dict[str, deque[bool]] = {}
        self.weighed: dict[int, Went] = {}  # by transaction: not true yet
        self.probed: set[str] = set()  # topics that are stopped and tried: there the batch alone counts

    def begin(self) -> None:
        """Nothing is under way."""
        self.weighed.clear()

    def weigh(self, transaction: int, went: Went) -> None:
        """Raises `Stop` before anything of the transaction becomes true, together with what is about to beside it."""
        for topic, records in went.items():
            window = deque(() if topic in self.probed else self.last.get(topic, ()), WINDOW)
            for beside in self.weighed.values():
                window.extend(failed for failed, _ in beside.get(topic, ()))
            window.extend(failed for failed, _ in records)
            if sum(window) > (len(window) if topic in self.probed else WINDOW) // 2:
                raise Stop(topic, next((why for failed, why in reversed(records) if failed), "records fail"))
        self.weighed[transaction] = went

    def came_to_nothing(self, transaction: int) -> None:
        self.weighed.pop(transaction, None)

    def note(self, transaction: int, went: Went) -> None:
        """It became true."""
        self.weighed.pop(transaction, None)
        for topic, records in went.items():
            self.last.setdefault(topic, deque(maxlen=WINDOW)).extend(failed for failed, _ in records)

    def forget(self, topic: str) -> None:
        self.last.pop(topic, None)


async def stop(connection: Connection, topic: str, reason: str) -> None:
    await connection.execute("INSERT INTO stopped (topic, reason) VALUES ($1, $2) ON CONFLICT (topic) DO NOTHING", topic, reason)


async def resume(connection: Connection, topic: str) -> dict[str, str]:
    """Let a topic, or one of its gaps, go on. What stood there: the reason by topic."""
    rows = await connection.fetch("DELETE FROM stopped WHERE topic = $1 RETURNING topic, reason, since", topic)
    return told(rows)


async def stopped(connection: Connection) -> dict[str, str]:
    """What is stopped, with the reason and since when."""
    return told(await connection.fetch("SELECT topic, reason, since FROM stopped"))


def told(rows: Iterable[Mapping[str, Any]]) -> dict[str, str]:
    return {row["topic"]: f"{row['reason']} (since {row['since']:%Y-%m-%d %H:%M:%S} UTC)" for row in rows}


def gap(topic: str, partition: int) -> str:
    """The name of a gap; no topic's name has a slash."""
    return f"{topic}/{partition}"


def is_gap(name: str) -> bool:
    return "/" in name
