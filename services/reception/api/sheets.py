"""The registers of reception as tables."""

from services.reception.api import inquiries, late_answers, visits
from services.reception.domain.clock import Watch
from services.reception.store.tasks import TASKS
from shared import audit_api, deadlines_api, events_api, parked_api, profiles_api
from shared.exports import api as exports_api
from shared.todo import api as todo_api

SHEETS = [
    visits.SHEET,
    inquiries.SHEET,
    late_answers.SHEET,
    todo_api.sheet(TASKS),
    deadlines_api.sheet(Watch),
    events_api.SHEET,
    audit_api.SHEET,
    profiles_api.SHEET,
    parked_api.SHEET,
    exports_api.SHEET,
]
