"""One of each thing in the unit `headquarters`, and what has to be said at the doors that ask for something."""

from importlib import import_module
from typing import Any

from shared.clock import now
from shared.contracts.complaints import NoticeRequested
from shared.database import transaction
from shared.ids import uuid7
from shared.telling import request
from tests.apis import Api
from tests.complaints.making import BODY as COMPLAINT
from tests.complaints.making import STEPS
from tests.followup.saying import happened
from tests.followup.saying import said as heard
from tests.makers import declared, placed, record, shipped
from tests.permissions.doors import Door
from tests.reception.desk import application, question, soon
from tests.rooms import World

Said = dict[str, Any]
HOME = "headquarters"


def said(door: Door, things: Said) -> Any:
    """A body that is good, so that what is refused is refused for who asks."""
    end = door.path.rpartition("/")[2]
    match door.method, door.path:
        case "GET", _:
            return None
        case _, "/v1/complaints":
            return COMPLAINT
        case _, "/v1/visits":
            return application()
        case _, "/v1/inquiries":
            return question()
        case _, "/v1/imports":
            return {"kind": door.service, "system": "crm", "dry_run": True}
        case _, path if path.startswith("/v1/imports/"):
            return {}
        case _, "/v1/exports":
            return {"register": "exports"}
        case _, "/v1/profiles/preview":
            return {"profiles": {"standard": 'version = 2\nby = "s-9"\nwhy = "?"\nextends = "standard"\n'}}
        case "PUT", _:
            return {"kind": "person", "display_name": "Li"}
        case _, "/v1/erasures":
            return {"customer_id": things["customer_id"], "reason": "customer_request"}
        case _, path if end == "unmasking":
            return {"purpose": "handle_complaint", "fields": [MASKED[path.split("/")[2]]]}
    return BODIES.get(end) or (STEPS | LATER).get(end) or {}


def is_about_one(door: Door) -> bool:
    """Is it about an object of a unit?"""
    return door.of_one or (door.path == "/v1/erasures" and door.method == "POST")


LATER: Said = {
    "promise": {"until": soon(hours=2)},
    "answer": {"answer": "Three metres."},
    "handover": {"to": "complaints", "category": "delivery"},
    "departure": {"expected_home_at": soon(hours=9)},
}
BODIES: Said = {
    "pauses": {"reason": "awaiting_customer", "until": soon(hours=1)},
    "attempts": {"outcome": "busy"},
    "outcome": {"satisfaction": "satisfied"},
    "assignment": {"staff_id": "s-1"},
    "consents": {"purpose": "marketing", "granted_at": soon(hours=-1), "evidence": {"kind": "signature", "reference": "page 1"}},
    "disclosures": {"recipient": "carrier", "purpose": "delivery", "fields": ["phones"], "evidence": "P-1", "legal_basis": "consent"},
    "refusal": {"reason": "mistake"},
}
MASKED = {"customers": "phones", "calls": "phones", "complaints": "notes", "inquiries": "notes", "visits": "notes"}


CONSENT = BODIES["consents"] | {"purpose": "third_party_disclosure", "recipient": "*", "fields": ["phones"]}


async def a_task(world: World) -> str:
    """That a specialist has to see to."""
    module = import_module(f"services.{world.service}.domain.task")
    kind = next(iter(module.Kind))
    task = module.Task.open(uuid7(), kind, role="specialist", about="order:O-1", unit=HOME, source=f"/careloop/{world.service}", at=now())
    async with transaction(world.engine) as session:
        session.add(task)
    return str(task.id)


async def an_import(api: Api, world: World) -> Said:
    """With a row that failed."""
    id = (await api.ask("POST", "/v1/imports", {"kind": world.service, "system": "crm"}, role="leader")).json()["id"]
    await world.pool.execute("INSERT INTO import_row (import_id, number, state, raw) VALUES ($1, 2, 'failed', '[]')", id)
    return {"import_id": id, "kind": world.service}


async def customers(api: Api, world: World) -> Said:
    await world.handle(
        record("customer.declared.v1", declared("erp/C-1", orgunit=HOME, phones=["+8613800008000"]), source="/erp"),
        record("order.placed.v1", placed("O-1", "erp/C-1"), source="/erp", unit=HOME),
        record(
            "staff.declared.v1",
            {"staff_id": "s-1", "display_name": "Wang", "unit": HOME, "posts": [], "roles": ["specialist"], "active": True},
        ),
    )
    (row,) = await world.rows("customer", "id")
    where = f"/v1/customers/{row['id']}"
    consent = await api.ask("POST", f"{where}/consents", CONSENT, role="privacy_officer")
    disclosure = await api.ask("POST", f"{where}/disclosures", BODIES["disclosures"], role="privacy_officer")
    erasure = await api.ask("POST", "/v1/erasures", {"customer_id": str(row["id"]), "reason": "customer_request"}, role="specialist")
    await api.ask("POST", f"/v1/erasures/{erasure.json()['id']}/refusal", BODIES["refusal"], role="privacy_officer")
    return {
        "customer_id": str(row["id"]), "system": "erp", "id:path": "C-1", "order_id:path": "O-1", "staff_id:path": "s-1", "consent_id": consent.json()["id"],
        "disclosure_id": disclosure.json()["id"], "erasure_id": erasure.json()["id"], "task_id": await a_task(world),
        **await an_import(api, world),
    }  # fmt: skip


async def complaints(api: Api, world: World) -> Said:
    answer = await api.ask("POST", "/v1/complaints", COMPLAINT, role="specialist")
    return {"complaint_id": answer.json()["id"], "task_id": await a_task(world), **await an_import(api, world)}


async def followup(api: Api, world: World) -> Said:
    told = request(NoticeRequested, "complaint_escalated", "complaint:C-1", unit=HOME, to_role="supervisor")
    await world.handle(
        heard(happened("resolved", resolved_at=now())),
        heard(told),
        record("order.shipped.v1", shipped(shipped_at=now().isoformat()), source="/erp", unit=HOME),
    )
    (call,), (notice,), (staff,) = [await world.rows(table, "id") for table in ("call", "notice", "staff_notice")]
    return {"call_id": call["id"], "notice_id": notice["id"], "staff_notice_id": staff["id"], "task_id": await a_task(world)}


async def reception(api: Api, world: World) -> Said:
    visit = (await api.ask("POST", "/v1/visits", application(), role="reception")).json()
    inquiry = (await api.ask("POST", "/v1/inquiries", question(), role="reception")).json()
    return {"visit_id": visit["id"], "inquiry_id": inquiry["id"], "task_id": await a_task(world)}
