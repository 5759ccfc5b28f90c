"""The registers of follow-up as tables."""

from services.followup.api import calls, notices, staff_notices, statistics, surveys
from services.followup.domain.clock import Watch
from services.followup.store.tasks import TASKS
from shared import audit_api, deadlines_api, events_api, parked_api, profiles_api
from shared.exports import api as exports_api
from shared.todo import api as todo_api

SHEETS = [
    notices.SHEET,
    calls.SHEET,
    surveys.SHEET,
    statistics.SHEET,
    staff_notices.SHEET,
    todo_api.sheet(TASKS),
    deadlines_api.sheet(Watch),
    events_api.SHEET,
    audit_api.SHEET,
    profiles_api.SHEET,
    parked_api.SHEET,
    exports_api.SHEET,
]
