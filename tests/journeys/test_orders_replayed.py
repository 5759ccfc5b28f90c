"""A file of real orders played through a whole system: the totals that its columns have, whatever the order, however often; and every notice that
nothing overtook is at its gateway once."""

import json
import os
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.journeys import reviews
from tests.terminal import Terminal, a_system

HERE = Path(__file__).parents[2]
MADE_UP = HERE / "deploy" / "local" / "orders.csv"
REAL = Path(os.environ.get("CARELOOP_DATA") or HERE.parent / "shared" / "data") / "orders-olist.csv.gz"
# orders, customers, orders with a delivery, notices of kind shipped, notices of kind delayed: counted straight from the columns
TOTALS = {MADE_UP: (200, 190, 173, 183, 23), REAL: (4448, 4409, 4316, 4376, 347)}
FILE = REAL if REAL.exists() else MADE_UP


class Shop:
    """What everybody can see of the shop's orders."""

    def __init__(self, terminal: Terminal) -> None:
        self.terminal, self.addresses = terminal, terminal.addresses
        token = terminal.careloop("token", "admin").stdout.strip()
        self.client = httpx.Client(headers={"Authorization": f"Bearer {token}"}, trust_env=False, timeout=30)

    def replay(self, *how: str) -> None:
        done = self.terminal.careloop("replay", "orders", str(FILE), "--rate", "max", "--contacts", "made-up", *how)
        assert done.returncode == 0, done.stderr

    def total(self, service: str, path: str, **filters: str) -> int:
        answer = self.client.get(f"{self.addresses[service]}{path}", params={"source": "/shop", "count": "true", "limit": "1", **filters})
        return int(answer.raise_for_status().json()["total"])

    def totals(self) -> tuple[int, ...]:
        return (
            self.total("customers", "/v1/orders"), self.total("customers", "/v1/customers"), self.total("customers", "/v1/orders", delivered="true"),
            self.total("followup", "/v1/notices", kind="shipped"), self.total("followup", "/v1/notices", kind="delayed"),
        )  # fmt: skip

    def settled(self) -> tuple[int, ...]:
        """The totals, as soon as every worker has read everything and no notice is under way."""
        limit = time.monotonic() + 120
        while time.monotonic() < limit:
            behind = self.terminal.careloop("lag", "--json")
            under_way = sum(self.total("followup", "/v1/notices", state=state) for state in ("planned", "awaiting_contact", "sending"))
            if behind.returncode == 0 and not any(place["lag"] for place in json.loads(behind.stdout)) and not under_way:
                return self.totals()
        raise AssertionError(f"still under way: {self.totals()}\n{behind.stdout}{behind.stderr}")

    def items(self, service: str, path: str, **filters: str) -> list[dict[str, Any]]:
        """A register to its end."""
        found: list[dict[str, Any]] = []
        cursor: dict[str, str] = {}
        while True:
            answer = self.client.get(f"{self.addresses[service]}{path}", params={"limit": "200", **filters, **cursor})
            page = answer.raise_for_status().json()
            found += page["items"]
            if not page["next"]:
                return found
            cursor = {"cursor": page["next"]}

    def mailed(self) -> Counter[str]:
        """How often each notice came to the gateway."""
        return Counter(message["key"].strip("<>").split("@")[0] for message in self.terminal.messages())


@pytest.fixture
def shop() -> Iterator[Shop]:
    with a_system() as terminal:
        yield Shop(terminal)


def check_what_was_sent(shop: Shop) -> int:
    notices, mailed = shop.items("followup", "/v1/notices", source="/shop"), shop.mailed()
    sent = {notice["id"] for notice in notices if notice["state"] == "sent"}
    assert {notice["state"] for notice in notices} <= {"sent", "superseded", "called_off"}
    assert all(mailed[id] == 1 for id in sent)
    assert not mailed.keys() & ({notice["id"] for notice in notices} - sent)
    return len(sent)


@pytest.mark.parametrize("how", [(), ("--shuffle", "1")], ids=["as it was", "shuffled"])
def test_the_totals_of_the_file_in_any_order_and_again_under_new_ids(shop: Shop, how: tuple[str, ...]) -> None:
    shop.replay(*how)
    assert shop.settled() == TOTALS[FILE]
    sent = check_what_was_sent(shop)
    assert sent > 0
    shop.replay(*how, "--new-ids")
    assert shop.settled() == TOTALS[FILE]
    assert check_what_was_sent(shop) == sent


def test_old_orders_are_registered_and_nobody_is_messaged(shop: Shop) -> None:
    before = shop.mailed()
    shop.replay("--stamp", "original")
    assert shop.settled() == TOTALS[FILE]
    assert shop.mailed() == before


def test_what_customers_say_of_their_orders(shop: Shop, tmp_path: Path) -> None:
    """D-30, FLUP-30: who is dissatisfied has a complaint, who is not quite content is a supervisor's task; late orders are liked less."""
    expected = reviews.totals_of(FILE)
    shop.replay("--stamp", "original")
    assert shop.settled()[0] == TOTALS[FILE][0]
    before = [len(shop.items("complaints", path)) for path in ("/v1/complaints", "/v1/tasks")]
    file = tmp_path / "surveys.jsonl"
    file.write_text("".join(f"{line}\n" for line in reviews.surveys(FILE)), encoding="utf-8")
    for _ in range(2):
        done = shop.terminal.careloop("publish", str(file))
        assert done.returncode == 0, done.stderr
    shop.settled()
    late = {
        order["order_id"]: (order["delivered_at"] or "")[:10] > (order["promised_delivery_until"] or "9")
        for order in shop.items("customers", "/v1/orders", source="/shop")
    }
    told = [it for it in shop.items("followup", "/v1/surveys", source="/surveys") if it["about"].removeprefix("order:") in late]
    assert reviews.figures((it["score"], late[it["about"].removeprefix("order:")]) for it in told) == expected
    assert sum(it["satisfaction"] == "dissatisfied" for it in told) == expected[1]
    after = [len(shop.items("complaints", path)) for path in ("/v1/complaints", "/v1/tasks")]
    assert [now - then for now, then in zip(after, before, strict=True)] == [expected[1], expected[2]]
