"""Complaints, counted.  A13"""

from sqlalchemy import ColumnElement, Numeric, Text, case, cast, func, literal
from sqlmodel import col, select

from services.complaints.domain.clock import Watch
from services.complaints.domain.complaint import Complaint
from services.complaints.domain.course import State
from services.complaints.store.complaints import FILTERS
from shared.clocks.clock import State as Running
from shared.counting import Counted, Counts

TOLD = State.RESOLVED, State.ACCEPTED  # the result was told, and it is not closed
OPEN = tuple(it for it in State if it not in (*TOLD, State.CLOSED, State.WITHDRAWN))
DAYS = func.extract("epoch", col(Complaint.resolved_at) - col(Complaint.received_at)) / 86_400
# Joined, and not looked up for each complaint: how often that would be done the planner can't know.
LATE = select(col(Watch.about)).where(col(Watch.state) == Running.MISSED).distinct().subquery()
MISSED = LATE.c.about.is_not(None)


def those(condition: ColumnElement[bool]) -> ColumnElement[int]:
    return func.count().filter(condition)


paid, currency = col(Complaint.compensation_amount), col(Complaint.compensation_currency)
one_currency = func.min(currency) == func.max(currency)

COMPLAINTS_COUNTED = Counts({
    "complaints": Counted(
        Complaint,
        at=col(Complaint.received_at),
        by={
            "category": col(Complaint.category), "cause": col(Complaint.cause), "department": col(Complaint.department),
            "product": col(Complaint.product), "severity": col(Complaint.severity), "channel": col(Complaint.channel),
            "state": col(Complaint.state), "unit": col(Complaint.unit), "source": col(Complaint.source),
            "currency": currency,
        },
        measures={
            "received": func.count(),
            "open": those(col(Complaint.state).in_(OPEN)),
            "resolved": those(col(Complaint.state).in_(TOLD)),
            "closed": those(col(Complaint.state) == State.CLOSED),
            "withdrawn": those(col(Complaint.state) == State.WITHDRAWN),
            "upheld": those(col(Complaint.upheld).is_(True)),
            "not_upheld": those(col(Complaint.upheld).is_(False)),
            "reopened": those(col(Complaint.round) > 1),
            "overdue": those(MISSED),
            "compensated": those(paid.is_not(None)),
            "paid": case((one_currency, func.sum(paid))),
            "paid_in": case((one_currency, func.min(currency))),
            "mean_days": func.round(cast(func.avg(DAYS).filter(col(Complaint.undated).is_(False)), Numeric), 2),
        },
        filters={it.key: it for it in FILTERS},
        beside=(LATE, LATE.c.about == literal("complaint:").concat(cast(col(Complaint.id), Text))),
    )
})  # fmt: skip
