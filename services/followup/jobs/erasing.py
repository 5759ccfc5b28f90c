"""Takes away what follow-up keeps of customers who are erased: contact points, messages, words; and nobody calls them any more."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from services.followup.domain.call import Call, Why
from services.followup.domain.clock import Watch
from services.followup.domain.notice import Notice, State
from services.followup.domain.policy import Trade
from services.followup.domain.timekeeping import in_line
from services.followup.store.erasing import CALLS, CONTACTS, NOTICES, being_sent, points
from shared import erasing
from shared.contracts.followup import ErasureCompleted
from shared.erasing import ROWS, Round, Trace
from shared.outbox import Cause
from shared.reactions import among
from shared.service import Job
from shared.shelf import Shelf


def jobs(trade: Trade) -> Sequence[Job]:
    async def messages(it: Round) -> int:
        ids = [row["id"] for row in await it.connection.fetch(NOTICES, it.customers, it.names, ROWS)]
        shelf = await read(it, (among(Notice, id=lambda _: ids), ids))
        for notice in shelf.read:
            assert isinstance(notice, Notice)
            if notice.state is not State.SENDING:
                it.announce([*notice.forget(it.at)], Cause.of(notice))
        await shelf.save(it.connection)
        return len(ids)

    async def calls(it: Round) -> int:
        ids: list[UUID] = [row["id"] for row in await it.connection.fetch(CALLS, it.names, ROWS)]
        about = [f"call:{id}" for id in ids]
        shelf = await read(it, (among(Call, id=lambda _: ids), ids), (among(Watch, about=lambda _: about), about))
        clocks = {clock.about: clock for clock in shelf.read if isinstance(clock, Watch)}
        for call in shelf.read:
            if isinstance(call, Call):
                outcome = [*call.call_off(Why.ERASED), *in_line(call, clocks.get(f"call:{call.id}"), trade=trade, at=it.at)]
                it.announce([*outcome], Cause.of(call))
        await shelf.save(it.connection)
        return len(ids)

    async def contacts(it: Round) -> int:
        return await it.changed(CONTACTS, it.customers, it.names, ROWS)

    traces = [Trace("calls", calls), Trace("messages", messages), Trace("contacts", contacts), erasing.TASK, erasing.NOTE]
    return erasing.jobs("followup", ErasureCompleted, traces, needles=points, left=being_sent)


async def read(it: Round, *wanted: Any) -> Shelf:
    shelf = Shelf()
    await shelf.fetch(it.connection, wanted)
    return shelf
