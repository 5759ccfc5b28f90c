"""Chunks of an import over the database of the customer file, as the import's rounds make them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID, uuid4

from services.customers.app import service
from services.customers.domain.erased import hashed
from services.customers.jobs.importing_customers import CUSTOMERS
from services.customers.jobs.importing_orders import ORDERS
from shared import outbox
from shared.clock import now
from shared.health import Health
from shared.imports.kind import Chunk, Existing, Row, Verdict
from shared.imports.reading_values import Reading, Unreadable
from shared.metrics import Metrics
from shared.scope import Scope
from shared.service import Means
from tests.apis import Api
from tests.importing import Importing
from tests.rooms import UNITS, KnownSources, World

KINDS = {kind.name: kind for kind in (CUSTOMERS, ORDERS)}
READING = Reading()


def read(kind: str, cells: Mapping[str, str | None]) -> dict[str, Any]:
    """A row's cells, by the names of the fields, as the import reads them."""
    readers = {it.name: it.read for it in KINDS[kind].fields}
    return {name: None if text is None else readers[name](text, READING) for name, text in cells.items()}


def complaint_of(kind: str, name: str, text: str) -> tuple[str, str]:
    """What a reader says of a cell that it can't read."""
    try:
        read(kind, {name: text})
    except Unreadable as error:
        return error.message, error.fix
    raise AssertionError("it can be read")


@dataclass
class An:
    """An import of some rows."""

    world: World
    kind: str
    rows: Sequence[Mapping[str, str | None]]
    existing: str = "update"
    system: str = "erp"
    scope: Scope = field(default_factory=lambda: Scope((), None))
    unit: str = "headquarters"
    id: UUID = field(default_factory=uuid4)
    verdicts: list[Verdict] = field(default_factory=list)

    async def run(self, how: str = "take", *, dry: bool = False) -> list[str]:
        """What became of its rows: each one's word."""
        world, kind = self.world, KINDS[self.kind]
        means = Means(
            None, UNITS, KnownSources(), Metrics(world.service, "test"), Health(world.service, "worker"), world.engine, world.pool
        )
        before = self.verdicts or [Verdict(None)] * len(self.rows)  # type: ignore[arg-type]
        rows = [
            Row(number, read(self.kind, cells) if how == "take" else {}, was.thing_id, was.before)
            for number, (cells, was) in enumerate(zip(self.rows, before, strict=True), 2)
        ]
        async with world.pool.acquire() as connection, connection.transaction():
            chunk = Chunk(
                connection, rows, import_id=self.id, system=self.system, existing=Existing(self.existing), dry=dry, scope=self.scope, unit=self.unit,
                by="E-1", at=world.clock[0] or now(), means=means,
            )  # fmt: skip
            await (kind.take(chunk) if how == "take" else kind.undo(chunk))
            assert len(chunk.verdicts) == len(rows)
            if not dry:
                await chunk.shelf.save(connection)
                await outbox.write(connection, chunk.announced)
        found = [chunk.verdicts[row.number] for row in rows]
        if how == "take" and not dry:
            self.verdicts = found
        return [str(it.became) for it in found]

    def reasons(self) -> list[list[tuple[str | None, str]]]:
        return [[(it.field, it.message) for it in verdict.reasons] for verdict in self.verdicts]


async def forget(world: World, reference: str) -> None:
    """What an erasure leaves of a name and its orders, without its way there."""
    (claim,) = await world.rows("claim", "customer_id", "reference = $1", reference)
    id = claim["customer_id"]
    await world.pool.execute("UPDATE orders SET erased_id = $1 WHERE reference = $2", id, reference)
    await world.pool.execute("DELETE FROM claim WHERE reference = $1", reference)
    await world.pool.execute("UPDATE customer SET state = 'erased', names = '{}' WHERE id = $1", id)
    await world.pool.execute("INSERT INTO erased_reference VALUES ($1, $2, $3, $4)", hashed(reference), id, uuid4(), now())


async def bring(world: World, api: Api, kind: str, file: bytes, **told: Any) -> dict[str, Any]:
    """A file through the API and the import's own work, to where it rests."""
    return await coming(world, api).come(kind, file, media="text/csv", **told)


async def undo(world: World, api: Api, done: dict[str, Any], **told: Any) -> dict[str, Any]:
    return await coming(world, api).step(done["id"], "reversal", told)


def coming(world: World, api: Api) -> Importing:
    return Importing(api, world, service)
