"""Reviews of the shop's orders: a real file, or scores made up for the orders of the made-up one, as answers to a survey."""

import csv
import gzip
import json
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from pathlib import Path
from statistics import mean
from typing import Any

# answers, dissatisfied ones, fair ones, mean score of orders delivered on a later day than promised, of all others
REAL_TOTALS = (4431, 664, 396, 2.221, 4.195)
Row = Mapping[str, str]


def rows_of(file: Path) -> list[Row]:
    with gzip.open(file, "rt", encoding="utf-8") if file.suffix == ".gz" else file.open(encoding="utf-8") as lines:
        return list(csv.DictReader(lines))


def answers(orders: Path) -> list[Row]:
    """One row an answer: review_id, order_id, review_score, review_answer_timestamp."""
    file = orders.with_name("reviews-olist.csv.gz")
    if file.exists():
        return rows_of(file)
    return [
        {"review_id": f"R-{n}", "order_id": it["order_id"], "review_score": str(n * 7 % 5 + 1), "review_answer_timestamp": "2025-06-01 10:00:00"}
        for n, it in enumerate(rows_of(orders))
    ]  # fmt: skip


def totals_of(orders: Path) -> tuple[float, ...]:
    """As the real file's columns say, counted once with pandas; those of the made-up one straight from its columns."""
    if orders.with_name("reviews-olist.csv.gz").exists():
        return REAL_TOTALS
    late = {
        it["order_id"]: it["order_delivered_customer_date"][:10] > it["order_estimated_delivery_date"][:10]
        for it in rows_of(orders)
        if it["order_delivered_customer_date"] and it["order_estimated_delivery_date"]
    }
    scores = [(int(it["review_score"]), late.get(it["order_id"], False)) for it in answers(orders)]
    return figures(scores)


def figures(scores: Iterable[tuple[int, bool]]) -> tuple[float, ...]:
    told = list(scores)
    means = [round(mean(score for score, late in told if late is wanted), 3) for wanted in (True, False)]
    return len(told), sum(score <= 2 for score, _ in told), sum(score == 3 for score, _ in told), *means


def surveys(orders: Path) -> Iterator[str]:
    """CloudEvents, a line each; the customer is the order's."""
    customers = {it["order_id"]: it["customer_unique_id"] for it in rows_of(orders)}
    for it in answers(orders):
        at = datetime.fromisoformat(it["review_answer_timestamp"]).isoformat() + "Z"
        data: dict[str, Any] = {
            "customer": {"system": "shop", "id": customers[it["order_id"]]}, "survey_id": it["review_id"], "answered_at": at,
            "score": int(it["review_score"]), "about": f"order:{it['order_id']}",
        }  # fmt: skip
        id = f"{it['review_id'][:30]}-{it['order_id'][:30]}"
        yield json.dumps({"specversion": "1.0", "id": id, "source": "/surveys", "type": "survey.answered.v1", "time": at, "data": data})
