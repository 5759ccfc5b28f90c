"""A building's log of visitors, replayed at the times it tells: group appointments that came, were cancelled, or did not come.

The real one is public, and the names in it are not looked at: who comes is `Guest 1`, `Guest 2`. A small one is made up and always there.
"""

import csv
import gzip
import os
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from services.reception.jobs import closing
from shared.service import Means
from tests.apis import Api
from tests.reception.conftest import SetClock
from tests.reception.desk import Thing, application, post
from tests.rooms import World

LOG = Path(os.environ.get("CARELOOP_DATA") or Path(__file__).parents[3] / "shared" / "data") / "visitors-whitehouse.csv.gz"
FORMS = "%m/%d/%Y %H:%M", "%m/%d/%Y", "%b %d %Y %I:%M%p"
HERE = ZoneInfo("Asia/Shanghai")  # the log's times have no offset; let them be ours
Row = Mapping[str, str]
NOTED = "UIN", "Appointment Made Date", "Appointment Start Date", "Appointment Cancel Date", "TOA", "Total People"
MADE_UP = [
    ("U1", "1/5/2026 08:00", "1/6/2026 10:00", "", "Jan  6 2026  9:34AM", "3"),  # two of three are seen, one twice
    ("U1", "1/5/2026 08:00", "1/6/2026 10:00", "", "1/6/2026 16:29", "3"),
    ("U1", "1/5/2026 08:00", "1/7/2026 10:00", "", "", "2"),  # the same group on another day, and nobody comes
    ("U2", "1/6/2026 12:00", "1/6/2026 10:00", "1/6/2026 20:00", "", "1"),  # booked and cancelled after it began
    ("U3", "1/6/2026 18:00", "01/06/2026", "", "Jan  6 2026  5:34PM", "250"),  # no time; here before it was booked
    ("U4", "1/5/2026 08:00", "1/6/2026 10:00", "", "", "1"),
]


@dataclass
class Group:
    """One appointment: who booked it, when, and what became of it."""

    rows: list[Row]

    def moments(self, column: str) -> list[datetime]:
        return [when(row[column]) for row in self.rows if row[column].strip()]

    @property
    def happened(self) -> list[tuple[datetime, str]]:
        arrived, cancelled = self.moments("TOA"), self.moments("Appointment Cancel Date")
        steps = [(min(arrived), "arrival")] if arrived else [(min(cancelled), "cancellation")] if cancelled else []
        return [(min([*self.moments("Appointment Made Date"), *(at for at, _ in steps)]), ""), *steps]


def when(text: str) -> datetime:
    """It is written in three ways."""
    for form in FORMS:
        try:
            return datetime.strptime(" ".join(text.split()), form).replace(tzinfo=HERE)
        except ValueError:
            continue
    raise ValueError("a moment that is written in a fourth way")


def real() -> list[Row]:
    with gzip.open(LOG, "rt", encoding="utf-8", newline="") as lines:
        return [{name: row[name] for name in NOTED} for row in csv.DictReader(lines)]


def groups_of(rows: Iterable[Row]) -> list[Group]:
    found: dict[tuple[str, str], Group] = defaultdict(lambda: Group([]))
    for row in rows:
        found[row["UIN"], row["Appointment Start Date"]].rows.append(row)
    return list(found.values())


def totals_of(rows: list[Row]) -> dict[str, int]:
    """Straight from the columns, by sets of keys."""
    key = lambda row: (row["UIN"], row["Appointment Start Date"])  # noqa: E731
    every, came = {key(row) for row in rows}, {key(row) for row in rows if row["TOA"]}
    cancelled = {key(row) for row in rows if row["Appointment Cancel Date"]} - came
    people = {key(row): int(row["Total People"]) for row in rows}
    return {
        "departed": len(came), "cancelled": len(cancelled), "no_show": len(every - came - cancelled), "people": sum(people.values()),
        "seen": sum(people[it] for it in came),
    }  # fmt: skip


async def replayed(groups: list[Group], api: Api, worker: Means, set_clock: SetClock) -> None:
    """Everything at its time; whenever a day is over, what is left of it is closed."""
    happened = sorted((at, n, step) for n, group in enumerate(groups) for at, step in group.happened)
    visits: dict[int, Thing] = {}
    day = happened[0][0].date()
    for at, n, step in happened:
        if at.date() != day:
            await close(worker, set_clock, at.replace(hour=0, minute=0))
            day = at.date()
        set_clock(at)
        if step:
            await post(api, f"/v1/visits/{visits[n]['id']}/{step}", if_match=f'"{visits[n]["version"]}"')
        else:
            row = groups[n].rows[0]
            visits[n] = await post(api, "/v1/visits", application(
                guests=int(row["Total People"]), guest={"name": f"Guest {n}"}, arrives_at=when(row["Appointment Start Date"]).isoformat(),
            ), status=201)  # fmt: skip
    last = max(at for group in groups for at in group.moments("Appointment Start Date"))
    await close(worker, set_clock, max(last, happened[-1][0]) + timedelta(days=1))


async def close(worker: Means, set_clock: SetClock, at: datetime) -> None:
    set_clock(at)
    while await closing.close_what_is_left(worker):
        pass


@pytest.mark.parametrize("log", ["made up", "real"])
async def test_every_appointment_ends_as_the_log_says(log: str, api: Api, reception: World, worker: Means, set_clock: SetClock) -> None:
    """RECP-01, A14: nobody is ever seen to leave, so the day's end closes every visit that came."""
    if log == "real" and not LOG.exists():
        pytest.skip(f"{LOG} is not here; set CARELOOP_DATA to the folder of real data")
    rows = real() if log == "real" else [dict(zip(NOTED, row, strict=True)) for row in MADE_UP]
    groups, totals = groups_of(rows), totals_of(rows)
    expected = {"departed": 321, "cancelled": 1, "no_show": 39} if log == "real" else {"departed": 2, "cancelled": 1, "no_show": 2}
    assert expected.items() <= totals.items()
    await replayed(groups, api, worker, set_clock)
    states = await reception.rows("visit", "state, count(*) AS n, sum(guests) AS guests", "true GROUP BY state")
    assert {it["state"]: it["n"] for it in states} == expected
    assert sum(it["guests"] for it in states) == totals["people"]
    assert sum(it["guests"] for it in states if it["state"] == "departed") == totals["seen"]
    assert not await reception.rows("visit", "id", "state = 'departed' AND noticed")
    days = "(departed_at - interval '1 microsecond') AT TIME ZONE 'Asia/Shanghai'"
    assert not await reception.rows(
        "visit", "id", f"state = 'departed' AND ({days})::date <> (arrived_at AT TIME ZONE 'Asia/Shanghai')::date"
    )
    told = [name for name, _ in await reception.announced() if name.startswith("visit.")]
    assert {name: told.count(f"visit.{name}.v1") for name in (*expected, "arrived", "applied")} == expected | {
        "arrived": expected["departed"], "applied": len(groups),
    }  # fmt: skip
