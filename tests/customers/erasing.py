"""An erasure from the request to the end, as the customer file's API and jobs go through it; and a person with a name that is nobody else's."""

from dataclasses import replace
from typing import Any
from uuid import UUID

import httpx

from services.customers.jobs.erasing import JOBS
from shared.ids import uuid7
from shared.service import Means
from tests.apis import Api
from tests.makers import declared, record
from tests.rooms import World
from tests.shared.an_api import token

NAME, PERSON, PHONE, MAIL, STREET = "Zhuxingdong Qiongqi", "饕餮夫人", "+8613987612345", "zhuxingdong@private-mail.example", "9 Taotie Lane"
WORDS = (NAME, PERSON, PHONE, PHONE[3:], MAIL, STREET)
OTHERS = ("complaints", "followup", "reception")
OFFICER = {"role": "privacy_officer"}


def told(reference: str = "erp/C-1", **more: Any) -> dict[str, Any]:
    return declared(reference, display_name=NAME, contact_person=PERSON, phones=[PHONE], emails=[MAIL], address=STREET, **more)


def means_of(world: World, api: Api) -> Means:
    return replace(api.means, pool=world.pool)


async def work(world: World, api: Api) -> None:
    """The jobs of a worker, until there is nothing to do."""
    means = means_of(world, api)
    for _ in range(200):
        if not any([await job.run(means) for job in JOBS if job.name != "erased"]):
            return
    raise AssertionError("the jobs find no end")


async def post(api: Api, path: str, body: Any, *, by: str, role: str, **headers: str) -> httpx.Response:
    return await api.client.post(path, json=body, headers=headers | {"Authorization": f"Bearer {token(role, sub=by)}"})


async def ask(api: Api, *, by: str = "zhang", role: str = "specialist", status: int = 201, **body: Any) -> dict[str, Any]:
    answer = await post(api, "/v1/erasures", {"reason": "customer_request"} | body, by=by, role=role)
    assert answer.status_code == status, answer.text
    asked: dict[str, Any] = answer.json()
    return asked


async def decide(
    api: Api, id: str, how: str = "approval", body: Any = None, *, by: str = "li", role: str = "privacy_officer", status: int = 200
) -> dict[str, Any]:
    answer = await post(api, f"/v1/erasures/{id}/{how}", body or {}, by=by, role=role)
    assert answer.status_code == status, answer.text
    decided: dict[str, Any] = answer.json()
    return decided


def answer_of(service: str, erasure: dict[str, Any], **counts: int) -> Any:
    body = {
        "erasure_id": erasure["id"], "customer_id": erasure["customer_id"], "unit": erasure["unit"], "service": service, "counts": counts,
        "completed_at": "2026-01-06T02:00:00Z",
    }  # fmt: skip
    return record(
        "erasure.completed.v1",
        body,
        source=f"/careloop/{service}",
        id=str(uuid7()),
        topic=f"careloop.{service}",
        key=str(erasure["customer_id"]),
    )


async def erase(world: World, api: Api, **whom: Any) -> dict[str, Any]:
    """To the end, the other services' answers included."""
    asked = await ask(api, **whom)
    await decide(api, asked["id"])
    await work(world, api)
    erasure = await api.get(f"/v1/erasures/{asked['id']}", **OFFICER)
    await world.handle(*(answer_of(service, erasure) for service in ("customers", *OTHERS)))
    await work(world, api)
    ended: dict[str, Any] = await api.get(f"/v1/erasures/{asked['id']}", **OFFICER)
    return ended


async def everything_in(world: World) -> str:
    """All that stands in any table, but for the outbox, which is on its way to topics that forget."""
    tables = await world.rows("pg_tables", "tablename", "schemaname = 'public' AND tablename <> 'outbox'")
    found = [f"{name}: {it}" for name in (row["tablename"] for row in tables) for it in await world.rows(name)]
    return "\n".join(found)


def left_in(text: str) -> list[str]:
    return [word for word in WORDS if word in text or repr(word.encode())[2:-1] in text]


def id_of(erasure: dict[str, Any]) -> UUID:
    return UUID(erasure["customer_id"])
