"""Ends tasks that nobody has to see to any more, by whichever door the complaint came to its end. What was missed, its clock says."""

from datetime import timedelta

from services.complaints.domain.complaint import Complaint
from services.complaints.domain.task import Task, in_line
from shared.clock import now
from shared.ids import id_in
from shared.jobs import in_one_batch
from shared.reactions import among
from shared.service import Job, Means

AT_ONCE = 200
OVER = """
SELECT task.id, complaint.id AS complaint_id FROM task
JOIN complaint ON complaint.id = CASE WHEN task.about ~ '^complaint:[0-9a-f-]{36}$' THEN substr(task.about, 11)::uuid END
WHERE task.state = 'open' AND (
    (task.kind IN ('fair', 'dissatisfied') AND complaint.state = 'withdrawn') OR (task.kind = 'dissatisfied' AND complaint.state = 'closed'))
ORDER BY task.id LIMIT $1"""


async def look(means: Means) -> bool:
    assert means.pool
    async with means.pool.acquire() as connection:
        found = await connection.fetch(OVER, AT_ONCE)
    if not found:
        return False
    ids, complaints = [it["id"] for it in found], list({it["complaint_id"] for it in found})
    wanted = [(among(Complaint, id=lambda _: complaints), complaints), (among(Task, id=lambda _: ids), ids)]
    async with in_one_batch(means.pool, wanted) as batch:
        known, at = {it.id: it for it in batch.of(Complaint)}, now()
        for task in batch.of(Task):
            if (complaint_id := id_in(task.about, "complaint")) in known:
                batch.keep(in_line(task, known[complaint_id].state.value, at))
    return len(found) == AT_ONCE


JOB = Job("chores", look, timedelta(seconds=10))
