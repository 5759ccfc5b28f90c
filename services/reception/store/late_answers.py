"""Calls that were answered late, as they are looked for."""

from services.reception.domain.late_answer import LateAnswer
from shared.paging import Register

LATE_ANSWERS = Register(
    LateAnswer,
    by=[LateAnswer.answered_at, LateAnswer.id],
    filters=[LateAnswer.agent_id, LateAnswer.queue, LateAnswer.unit, LateAnswer.source],
)
