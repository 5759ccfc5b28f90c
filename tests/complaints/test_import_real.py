"""Two files of real complaints come in whole, and the totals that their columns have come out of the register and the statistics."""

import gzip
import os
from pathlib import Path
from typing import Any

import pytest

from tests.complaints.importing import bring, undo

REAL = Path(os.environ.get("CARELOOP_DATA") or Path(__file__).parents[3] / "shared" / "data")
CFPB, COMCAST = REAL / "complaints-cfpb2015.csv.gz", REAL / "complaints-comcast.csv.gz"
PRODUCTS = {
    "Debt collection": 1892, "Mortgage": 1618, "Credit reporting": 1455, "Credit card": 699, "Bank account or service": 654, "Consumer loan": 326,
    "Student loan": 204, "Payday loan": 87, "Money transfers": 66, "Prepaid card": 38, "Other financial service": 10,
}  # fmt: skip
RESPONSES = {  # how many, where such a complaint stands, and was the customer right
    "Closed with explanation": (4826, "closed", "no"), "Closed with non-monetary relief": (921, "closed", "yes"), "In progress": (657, "investigating", ""),
    "Closed with monetary relief": (404, "closed", "yes"), "Closed": (146, "closed", ""), "Untimely response": (95, "closed", ""),
}  # fmt: skip


def coded(word: str) -> str:
    return word.lower().replace(" ", "-")


async def counted(api: Any, by: str, *, asked: str = "", what: str = "received") -> dict[Any, int]:
    return {it[by]: it[what] for it in (await api.get(f"/v1/statistics?by={by}{asked}"))["items"]}


@pytest.mark.skipif(not CFPB.exists(), reason=f"there is no {CFPB.name} here; CARELOOP_DATA names its folder")
async def test_the_cfpbs(complaints, api):
    """Days alone can't say whether a response was timely: the column stays out. It was disputed: it was not over with the response."""
    told: dict[str, Any] = {
        "system": "cfpb", "zone": "America/New_York",
        "columns": {
            "id": "Complaint ID", "occurred_at": "Date received", "acknowledged_at": "Date sent to company", "product": "Product", "category": "Product",
            "state": "Company response", "cause": "Company response", "upheld": "Company response", "reopened": "Consumer disputed?",
            "content": ["Issue", "Sub-issue"],
        },
        "constants": {"channel": "web"},
        "formats": {"occurred_at": "MM/DD/YYYY", "acknowledged_at": "MM/DD/YYYY"},
        "values": {
            "category": {it: coded(it) for it in PRODUCTS}, "cause": {it: coded(it) for it in RESPONSES},
            "state": {it: state for it, (_, state, _) in RESPONSES.items()}, "upheld": {it: upheld for it, (*_, upheld) in RESPONSES.items()},
        },
    }  # fmt: skip
    done = await bring(complaints, api, CFPB.read_bytes(), **told)
    assert (done["state"], done["rows"], done["created"], done["failed"]) == ("done", 7049, 7049, 0), done["questions"]
    assert await counted(api, "product") == PRODUCTS and await counted(api, "cause") == {coded(it): n for it, (n, *_) in RESPONSES.items()}
    assert await counted(api, "state") == {"closed": 7049 - 657, "investigating": 657}
    total = (await api.get("/v1/statistics"))["total"]
    names = "received", "open", "closed", "upheld", "not_upheld", "reopened", "mean_days"
    assert [total[name] for name in names] == [7049, 657, 7049 - 657, 921 + 404, 4826, 1138, None]
    register = await api.get("/v1/complaints?source=cfpb&cause=untimely-response&count=true&limit=1")
    assert register["total"] == 95
    months = {it["period"]: it["received"] for it in (await api.get("/v1/statistics?period=month"))["items"]}
    assert sum(months.values()) == 7049 and {*months} == {"2015-01-01", "2015-02-01", "2015-03-01"}
    assert await complaints.announced() == [] and await complaints.requested() == []


@pytest.mark.skipif(not COMCAST.exists(), reason=f"there is no {COMCAST.name} here; CARELOOP_DATA names its folder")
async def test_comcasts(complaints, api):
    """Its dates are written in two ways; the third column of dates has day and month swapped, and is not looked at."""
    told: dict[str, Any] = {
        "system": "comcast",
        "columns": {
            "id": "Ticket #", "occurred_at": ["Date", "Time"], "channel": "Received Via", "state": "Status", "content": "Customer Complaint",
        },
        "constants": {"category": "telecoms"},
        "formats": {"occurred_at": "YYYY-MM-DD|DD-MM-YY"},
        "values": {
            "channel": {"Internet": "internet", "Customer Care Call": "phone"},
            "state": {"Open": "received", "Pending": "investigating", "Solved": "resolved", "Closed": "closed"},
        },
    }  # fmt: skip
    done = await bring(complaints, api, gzip.decompress(COMCAST.read_bytes()), **told)
    assert (done["state"], done["created"], done["failed"]) == ("done", 763, 0), done["questions"]
    assert await counted(api, "channel") == {"internet": 399, "phone": 364}
    assert await counted(api, "state") == {"resolved": 330, "closed": 250, "received": 129, "investigating": 54}
    months = {it["period"]: it["received"] for it in (await api.get("/v1/statistics?period=month"))["items"]}
    assert months == {"2015-04-01": 188, "2015-05-01": 143, "2015-06-01": 432}
    total = (await api.get("/v1/statistics"))["total"]
    assert (total["open"], total["overdue"]) == (129 + 54, 129 + 54)
    gone = await undo(complaints, api, done)
    assert (gone["state"], gone["undone"]) == ("reversed", 763)
    assert [await complaints.rows(it) for it in ("complaint", "clock", "note", "task")] == [[], [], [], []]
