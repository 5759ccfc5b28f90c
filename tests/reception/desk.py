"""What the people at the desk say and what others tell them; only the fact that matters is spelled."""

from datetime import timedelta
from typing import Any

import httpx

from shared.clock import now
from shared.contracts import Event
from shared.envelope import headers_of
from shared.replay import Record
from tests.apis import Api
from tests.makers import customer, moment, record
from tests.rooms import World
from tests.shared.an_api import token

GUEST, PHONE, PURPOSE = "Guest of Example Steel", "+8613800009999", "To see the mill"
NUMBER, QUESTION, ANSWER = "+8613700001234", "How long is a coil?", "As long as you like."
Thing = dict[str, Any]


def soon(**more: float) -> str:
    return (now() + timedelta(**more)).isoformat()


def application(**facts: Any) -> Thing:
    return {
        "company": "Example Steel", "guests": 4, "guest": {"name": GUEST, "phone": PHONE}, "arrives_at": soon(hours=1), "purpose": PURPOSE,
        "applicant": "s-17",
    } | facts  # fmt: skip


def question(reference: str = "erp/C-1", **facts: Any) -> Thing:
    return {"customer": customer(reference), "channel": "mail", "kind": "consultation", "question": QUESTION} | facts


async def post(api: Api, path: str, body: Any = None, *, status: int = 200, **more: Any) -> Thing:
    """The body of an answer with this status."""
    answer = await api.ask("POST", path, {} if body is None else body, **({"role": "reception"} | more))
    assert answer.status_code == status, f"{path}: {answer.status_code} {answer.text}"
    told: Thing = answer.json()
    return told


async def applied(api: Api, **facts: Any) -> Thing:
    return await post(api, "/v1/visits", application(**facts), status=201)


async def stepped(api: Api, visit: Thing, step: str, body: Any = None) -> Thing:
    return await post(api, f"/v1/visits/{visit['id']}/{step}", body, if_match=f'"{visit["version"]}"')


async def departed(api: Api, **facts: Any) -> Thing:
    return await stepped(api, await stepped(api, await applied(api, **facts), "arrival"), "departure")


async def asked(api: Api, **facts: Any) -> Thing:
    return await post(api, "/v1/inquiries", question(**facts), status=201)


async def as_staff_of(api: Api, *units: str, path: str, body: Thing) -> httpx.Response:
    """Somebody whose token names these units."""
    headers = {"Authorization": f"Bearer {token('reception', units=list(units))}"}
    return await api.client.request("POST", path, json=body, headers=headers)


def missed(call_id: str = "T-1", **facts: Any) -> Thing:
    return {"call_id": call_id, "started_at": moment(), "ended_at": moment(0.01), "reason": "no_agent", "caller_number": NUMBER} | facts


def answered(call_id: str = "T-2", **facts: Any) -> Thing:
    """After five seconds."""
    return {
        "call_id": call_id, "direction": "inbound", "started_at": moment(), "answered_at": moment(5 / 3600), "agent_id": "s-3",
    } | facts  # fmt: skip


def telephoned(type: str, body: Thing, **more: Any) -> Any:
    return record(type, body, source="/telephony", **more)


def told(event: Event, **more: Any) -> Any:
    """As another service of ours publishes it."""
    speaker = {"careloop.followup": "followup", "careloop.notes": "followup"}.get(event.topic, "customers")
    body = None if event.tombstone else event.model_dump(mode="json")
    return record(event.name, body, source=f"/careloop/{speaker}", topic=event.topic, key=event.key, **more)


async def published(world: World, topic: str) -> list[Record]:
    """What the relay would make of the outbox, in its order."""
    rows = await world.pool.fetch("SELECT * FROM outbox WHERE topic = $1 ORDER BY position", topic)
    return [
        Record(topic, 0, row["position"], int(row["announced_at"].timestamp() * 1000), row["key"].encode(), row["payload"], headers_of(
            source=f"/careloop/{world.service}", id=str(row["id"]), type=row["type"], time=row["announced_at"], subject=row["subject"], unit=row["unit"],
            trace=row["trace"], correlation=row["correlation"],
        ))
        for row in rows
    ]  # fmt: skip
