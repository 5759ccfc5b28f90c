"""The registers of the customer file as tables."""

from services.customers.api import consents, customers, disclosures, erasures, orders, staff
from services.customers.store.tasks import TASKS
from shared import audit_api, events_api, parked_api, profiles_api
from shared.exports import api as exports_api
from shared.imports import shapes as imports
from shared.todo import api as todo_api

SHEETS = [
    customers.SHEET,
    orders.SHEET,
    staff.SHEET,
    erasures.SHEET,
    disclosures.SHEET,
    disclosures.OF_CUSTOMER,
    consents.SHEET,
    todo_api.sheet(TASKS),
    events_api.SHEET,
    audit_api.SHEET,
    profiles_api.SHEET,
    parked_api.SHEET,
    exports_api.SHEET,
    imports.SHEET,
    imports.ROWS_SHEET,
]
