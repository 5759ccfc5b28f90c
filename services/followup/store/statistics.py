"""Calls and notices, counted: what came of asking customers, and of telling them."""

from sqlalchemy import ColumnElement, Numeric, cast, func
from sqlmodel import col

from services.followup.domain.call import WAITING, Call, Why
from services.followup.domain.call import State as Asked
from services.followup.domain.notice import WAITING as UNSENT
from services.followup.domain.notice import Notice, State
from shared.contracts.followup import Satisfaction
from shared.counting import Counted, Counts


def those(condition: ColumnElement[bool]) -> ColumnElement[int]:
    return func.count().filter(condition)


CALLS = Counted(
    Call,
    at=col(Call.planned_at),
    by={
        "reason": col(Call.reason), "state": col(Call.state), "why": col(Call.why), "satisfaction": col(Call.satisfaction),
        "unit": col(Call.unit), "source": col(Call.source),
    },
    measures={
        "planned": func.count(),
        "waiting": those(col(Call.state).in_(WAITING)),
        "done": those(col(Call.state) == Asked.DONE),
        "satisfied": those(col(Call.satisfaction) == Satisfaction.SATISFIED),
        "fair": those(col(Call.satisfaction) == Satisfaction.FAIR),
        "dissatisfied": those(col(Call.satisfaction) == Satisfaction.DISSATISFIED),
        "unreachable": those((col(Call.state) == Asked.UNREACHABLE) & (col(Call.why).is_distinct_from(Why.REFUSED))),
        "refused": those(col(Call.why) == Why.REFUSED),
        "called_off": those(col(Call.state) == Asked.CALLED_OFF),
        "mean_score": func.round(cast(func.avg(col(Call.score)), Numeric), 2),
    },
    filters={name: getattr(Call, name) for name in ("reason", "state", "satisfaction", "unit", "source", "customer_id")},
)  # fmt: skip
NOTICES = Counted(
    Notice,
    at=col(Notice.planned_at),
    by={"kind": col(Notice.kind), "state": col(Notice.state), "unit": col(Notice.unit), "source": col(Notice.source)},
    measures={
        "planned": func.count(),
        "waiting": those(col(Notice.state).in_((*UNSENT, State.SENDING))),
        "sent": those(col(Notice.state) == State.SENT),
        "delivered": those(col(Notice.state) == State.DELIVERED),
        "failed": those(col(Notice.state) == State.FAILED),
        "skipped": those(col(Notice.state) == State.SKIPPED),
        "superseded": those(col(Notice.state) == State.SUPERSEDED),
        "called_off": those(col(Notice.state) == State.CALLED_OFF),
    },
    filters={name: getattr(Notice, name) for name in ("kind", "state", "unit", "source", "customer_id")},
)  # fmt: skip
COUNTS = Counts({"calls": CALLS, "notices": NOTICES})
