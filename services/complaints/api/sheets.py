"""The registers of complaints as tables."""

from services.complaints.api import search, statistics
from services.complaints.domain.clock import Watch
from services.complaints.store.tasks import TASKS
from shared import audit_api, deadlines_api, events_api, parked_api, profiles_api
from shared.exports import api as exports_api
from shared.imports import shapes as imports
from shared.todo import api as todo_api

SHEETS = [
    search.SHEET,
    statistics.SHEET,
    todo_api.sheet(TASKS),
    deadlines_api.sheet(Watch),
    events_api.SHEET,
    audit_api.SHEET,
    profiles_api.SHEET,
    parked_api.SHEET,
    exports_api.SHEET,
    imports.SHEET,
    imports.ROWS_SHEET,
]
