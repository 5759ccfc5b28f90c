"""A service's API with one of each thing behind it. A case sees the things as they were made: what it did is rolled back when it is over."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from time import time
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from shared.clock import now
from shared.database import transaction
from shared.ids import customer_of, uuid7
from shared.parked import Parked
from shared.permissions import ROLES
from tests.apis import Api
from tests.apis import api as over
from tests.doors.asking import Answer, Request, ask
from tests.makers import declared, record
from tests.permissions import things
from tests.rooms import UNITS, World, world
from tests.shared.an_api import token
from tests.todo import declare

KINDS = {"customers": "customers", "complaints": "complaints"}
ALL_DAY = 86_400  # seconds
TOPIC = "careloop.inbound.orders"


class Held:
    """In an engine's place: sessions begin savepoints of this connection's transaction. Other processes are still told where the database is."""

    def __init__(self, engine: AsyncEngine, connection: AsyncConnection) -> None:
        self.sync_engine, self.url = connection.sync_connection, engine.url


@dataclass(eq=False)
class Stage:
    service: str
    api: Api
    world: World
    known: dict[str, Any]  # by the name of a path's parameter, what lives
    bearers: dict[str, str]

    @property
    def document(self) -> dict[str, Any]:
        told: dict[str, Any] = self.api.app.openapi()
        return told

    @asynccontextmanager
    async def scene(self, state: str = "") -> AsyncIterator[None]:
        """Requests in here work in one transaction, each in a savepoint of it, and nothing of it stays. `state`: a statement that sets it up."""
        async with self.world.engine.connect() as connection:
            whole = await connection.begin()
            await connection.exec_driver_sql("SET LOCAL idle_in_transaction_session_timeout = 0")  # while a form is drawn elsewhere
            if state:
                await connection.exec_driver_sql(state)
            await connection.begin_nested()
            self._let_all_use(Held(self.world.engine, connection))
            try:
                yield
            finally:
                self._let_all_use(self.world.engine)
                await whole.rollback()

    def _let_all_use(self, engine: Any) -> None:
        self.api.app.state.engine = engine
        object.__setattr__(self.api.means, "engine", engine)

    async def ask(self, request: Request) -> Answer:
        return await ask(self.api.app, request)


@asynccontextmanager
async def on_stage(databases: Any, service: str, folder: Path) -> AsyncIterator[Stage]:
    app = import_module(f"services.{service}.app")
    async with (
        world(databases, app.service, circumstances={"trade": app.trade_of(UNITS)}) as room,
        over(app.service, room, folder) as api,
    ):
        known = await getattr(things, service)(api, room) | {"parked_id": await something_parked(room), "name": "standard", "topic": TOPIC}
        await declare(room, "s-1", "specialist")
        if service == "customers":
            known["erasure_id"] = await something_to_decide(api, room)
        known = {name.removesuffix(":path"): str(it) for name, it in known.items()}
        until = int(time()) + ALL_DAY  # five thousand cases take longer than an ordinary token lasts
        bearers = {role: token(role, sub=f"{role}-1", exp=until) for role in ROLES}
        bearers["everybody"] = token(*ROLES, sub="everybody", exp=until)
        for what, make in {"export_id": an_export, "import_id": an_import}.items():
            if any(f"{{{what}}}" in path for path in api.app.openapi()["paths"]):
                known[what] = await make(api, room, bearers["everybody"])
        known["kind"] = KINDS.get(service, "")
        yield Stage(service, api, room, known, bearers)


async def an_export(api: Api, room: World, bearer: str) -> str:
    """One that is done; its file says ab."""
    asked = await api.client.post("/v1/exports", json={"register": "tasks", "format": "csv"}, headers={"Authorization": f"Bearer {bearer}"})
    id = asked.json()["id"]
    await room.pool.execute("UPDATE export SET state = 'done', kept = true, ended_at = now(), bytes = 2, pieces = 1, rows = 0")
    await room.pool.execute("INSERT INTO stored_piece (file_id, number, content) VALUES ($1, 0, 'ab')", id)
    return str(id)


async def an_import(api: Api, room: World, bearer: str) -> str:
    """One that waits for its file."""
    wanted = {"kind": KINDS[room.service], "system": "erp"}
    return str((await api.client.post("/v1/imports", json=wanted, headers={"Authorization": f"Bearer {bearer}"})).json()["id"])


async def something_to_decide(api: Api, room: World) -> str:
    """An erasure that was asked for, of somebody else than the customer whom the other cases are about."""
    await room.handle(record("customer.declared.v1", declared("erp/C-2", orgunit=things.HOME), source="/erp"))
    ((customer,),) = [[row["id"] for row in await room.rows("customer", "id", "id = $1", customer_of("erp/C-2"))]]
    answer = await api.ask("POST", "/v1/erasures", {"customer_id": str(customer), "reason": "customer_request"}, role="specialist")
    return str(answer.json()["id"])


async def something_parked(room: World) -> str:
    """And a topic that stands still."""
    at = now()
    row = Parked(
        id=uuid7(), source="/erp", event_id="e-1", type="order.placed.v1", topic=TOPIC, partition=0, record_offset=1, record_at=at, key=b"k", value=b"{}",
        headers=[], code="invalid", pointer="/order_id", message="It is missing.", ours=False, first_failed_at=at, last_failed_at=at,
    )  # fmt: skip
    async with transaction(room.engine) as session:
        session.add(row)
    await room.pool.execute("INSERT INTO stopped (topic, reason) VALUES ($1, 'a fault of ours')", TOPIC)
    return str(row.id)
