"""A record before it is published: a sample with a customer and ids of its own, so that nothing can go wrong with it but what is done to it."""

import json
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from shared.contracts.registry import INBOUND_TYPES
from tests.contracts import sampled

NOW = datetime(2026, 1, 5, 2, 5, tzinfo=UTC)  # the workers' clock begins here: the samples' moments are five minutes ago, which is news
WITHDRAWN = "customer.withdrawn.v1"
TYPES = (*INBOUND_TYPES, WITHDRAWN)
TELLTALE = "tell-tale"  # part of most odd values; no log, no reason and no rejection may hold it
OWN_IDS = {
    "id",
    "order_id",
    "shipment_id",
    "return_id",
    "payment_id",
    "invoice_id",
    "job_id",
    "repair_order_id",
    "survey_id",
    "staff_id",
    "call_id",
}
OWN_IDS |= {"appointment_id", "opportunity_id", "report_id", "membership_id"}
STRUCTURED = b"application/cloudevents+json"


class Raw:
    """JSON as it is to be written, where Python could not write it."""

    def __init__(self, text: str) -> None:
        self.text = text


Header = tuple[str | bytes, bytes | None]


@dataclass
class Draft:
    """What will be published."""

    number: int
    type: str
    topic: str
    key: bytes | None
    headers: list[Header]
    body: Any = None
    value: bytes | None = None
    written: bool = False  # the value is bytes from now on, and the body is no more
    timestamp: int | None = None  # milliseconds; the publisher's clock if None
    twins: list["Draft"] = field(default_factory=list)  # published right behind it

    def wire(self) -> bytes | None:
        return self.value if self.written else written(self.body)

    def write(self, value: bytes | None) -> None:
        self.value, self.written = value, True

    def says(self, name: str) -> bytes | None:
        return next((value for header, value in self.headers if header == name), None)

    def put(self, name: str, value: bytes | None) -> None:
        """One header, in its place."""
        self.headers = [(header, value if header == name else told) for header, told in self.headers]

    def drop(self, name: str) -> None:
        self.headers = [it for it in self.headers if it[0] != name]


def written(body: Any) -> bytes:
    raws: list[Raw] = []

    def mark(it: Any) -> str:
        assert isinstance(it, Raw), it
        raws.append(it)
        return f"\ue000{len(raws) - 1}\ue000"

    text = json.dumps(body, ensure_ascii=False, default=mark)
    for number, raw in enumerate(raws):
        text = text.replace(f'"\ue000{number}\ue000"', raw.text)
    return text.encode("utf-8", "surrogatepass")


def draft(run: str, number: int, type: str, *, customer: str, required: bool = False) -> Draft:
    """The sample of this type, told by its own source in binary mode."""
    if type == WITHDRAWN:
        topic = sampled.TOMBSTONES[type]["topic"]
        told = {"specversion": "1.0", "id": f"{run}-{number}", "source": "/crm", "type": type, "time": "2026-01-05T10:00:00+08:00"}
        return Draft(number, type, topic, f"crm/{customer}".encode(), headers(told), written=True)
    event = sampled.sample(type, required=required)
    body = own(event["data"], run, number, customer)
    told = {name: value for name, value in event.items() if isinstance(value, str)} | {"id": f"{run}-{number}"}
    contract = INBOUND_TYPES[type]
    who = body.get("customer") if not type.startswith("call.") else None
    key = f"{who['system']}/{who['id']}" if who else str(body.get("staff_id") or body.get("call_id"))
    return Draft(number, type, contract.topic, key.encode(), headers(told), body)


def own(value: Any, run: str, number: int, customer: str, name: str = "") -> Any:
    """The same with ids that no other record has, but for those of the customer."""
    match value:
        case {"system": str(), "id": str()}:
            return value | {"id": customer if name == "customer" else f"{run}-{number}"}
        case dict():
            return {each: own(it, run, number, customer, each) for each, it in value.items()}
        case list():
            return [own(it, run, number, customer, name) for it in value]
        case str() if name in OWN_IDS:
            return f"{value}-{run}-{number}"
    return value


def headers(told: dict[str, str]) -> list[Header]:
    attributes = {name: value for name, value in told.items() if name not in ("datacontenttype", "traceparent")}
    binary: list[Header] = [(f"ce_{name}", value.encode()) for name, value in attributes.items()]
    trace: list[Header] = [("traceparent", told["traceparent"].encode())] if "traceparent" in told else []
    return [*binary, ("content-type", b"application/json"), *trace]


def structured(it: Draft, **more: Any) -> dict[str, Any]:
    """The same event in one JSON object; None in `more` leaves an attribute out."""
    told: dict[str, Any] = {
        str(name)[3:]: (value or b"").decode(errors="replace") for name, value in it.headers if str(name).startswith("ce_")
    }
    told |= {"datacontenttype": "application/json", "data": it.body} | more
    return {name: value for name, value in told.items() if value is not ...}
