"""What was missed and is still owed becomes somebody's task, once; done late the task is done, and not owed any more it is called off."""

from collections.abc import Callable
from datetime import timedelta
from enum import StrEnum

from shared.clock import now
from shared.clocks.clock import Clock
from shared.ids import made_of
from shared.jobs import in_one_batch
from shared.reactions import among
from shared.service import Job, Means
from shared.todo.task import Task
from shared.topics import source_of

AT_ONCE = 200
MARKED = "SELECT id FROM clock WHERE (state = 'missed' AND done_at IS NULL AND NOT moot) <> asked ORDER BY id LIMIT $1"  # Clock.is_late


def job(service: str, clock: type[Clock], task: type[Task], kind: StrEnum, role: Callable[[Clock], str]) -> Job:
    """`role`: whose task it is that this was missed."""

    def opened(late: Clock) -> Task:
        told = {"milestone": late.milestone, "round": late.round, "severity": late.facts.get("severity")}
        return task.open(
            made_of("task", late.id), kind, role=role(late), about=late.about, unit=late.unit, source=source_of(service), at=now(), due_at=late.due_at,
            named_id=late.named_id, customer_id=late.customer_id, facts=told, correlation=late.correlation,
        )  # fmt: skip

    async def look(means: Means) -> bool:
        assert means.pool
        async with means.pool.acquire() as connection:
            ids = [row["id"] for row in await connection.fetch(MARKED, AT_ONCE)]
        if not ids:
            return False
        made = {id: made_of("task", id) for id in ids}
        wanted = [(among(clock, id=lambda _: ids), ids), (among(task, id=lambda _: [*made.values()]), [*made.values()])]
        async with in_one_batch(means.pool, wanted) as batch:
            known = {it.id: it for it in batch.of(task)}
            for it in batch.of(clock):
                theirs = known.get(made[it.id])
                if it.asked is it.is_late or (it.asked and theirs is None):
                    continue  # tasks are read before clocks: somebody else was first, and what they opened is seen the next time
                if it.is_late and theirs is None:
                    batch.keep([opened(it)])
                elif theirs and not it.is_late:
                    batch.keep(theirs.finish(now()) if it.done_at else theirs.call_off(now()))
                it.asked = it.is_late
        return len(ids) == AT_ONCE

    return Job("overdue", look, timedelta(seconds=1))
