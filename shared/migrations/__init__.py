"""Migrations: Alembic, one history per service in its own database, run by the owner of the tables under a lock."""

from pathlib import Path
from typing import Any, Protocol

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import MetaData, text
from sqlalchemy.engine import Connection
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlalchemy.schema import SchemaItem

from shared import audit, stored  # noqa: F401  their tables belong to the delivery, whoever asks
from shared.exports import export  # noqa: F401  so does this
from shared.imports.tables import Imported
from shared.migrations.left import is_left
from shared.plumbing import METADATA
from shared.sorting import ENDING

HERE = Path(__file__).parent
LOCK = 0x0CA4F  # one migrator a database


class Migrated(Protocol):
    """A service, as far as its database is concerned."""

    @property
    def migrations(self) -> Path: ...
    @property
    def metadata(self) -> MetaData: ...


def configuration(migrations: Path, metadata: MetaData) -> Config:
    config = Config()
    config.set_main_option("script_location", str(HERE).replace("%", "%%"))
    config.set_main_option("path_separator", "newline")
    config.set_main_option("version_locations", str(migrations).replace("%", "%%"))
    config.attributes["metadata"] = [metadata, METADATA]
    return config


def head(migrations: Path) -> str:
    """The revision that this build brings."""
    found = ScriptDirectory.from_config(configuration(migrations, MetaData())).get_current_head()
    assert found is not None, f"{migrations} holds no migration"
    return found


def known(migrations: Path) -> set[str]:
    """All revisions of this build."""
    return {script.revision for script in ScriptDirectory.from_config(configuration(migrations, MetaData())).walk_revisions()}


async def revision_of(engine: AsyncEngine) -> str | None:
    """Where a database stands; None if it was never migrated."""
    async with engine.connect() as connection:
        return await connection.run_sync(lambda sync: MigrationContext.configure(sync).get_current_revision())


async def migrate(service: Migrated, dsn: str, *, to: str = "head") -> tuple[str | None, str | None]:
    """Bring a database to a revision. Waits for another migrator; gives up rather than hold up readers of a busy table. Before and after."""
    engine = create_async_engine(
        dsn.replace("postgresql://", "postgresql+asyncpg://", 1), connect_args={"server_settings": {"lock_timeout": "2000"}, "timeout": 10}
    )
    try:
        async with engine.connect() as guard:
            await guard.execute(text("SET lock_timeout = '60s'"))
            await guard.execute(text("SELECT pg_advisory_lock(:lock)"), {"lock": LOCK})
            before = await revision_of(engine)
            async with engine.begin() as connection:
                await connection.run_sync(run, configuration(service.migrations, service.metadata), to)
            return before, await revision_of(engine)
    finally:
        await engine.dispose()


def run(connection: Connection, config: Config, to: str) -> None:
    config.attributes["connection"] = connection
    step: Any = command.downgrade if to.startswith("-") or to == "base" else command.upgrade
    step(config, to)


def differences(connection: Connection, service: Migrated) -> list[Any]:
    """What the entities say and the database does not, or the other way round, but for what is left for the version before, and what only some can do."""
    from alembic.autogenerate import compare_metadata

    context = MigrationContext.configure(connection, opts={"compare_type": True, "compare_server_default": False, "include_object": counts})
    ours: Any = [service.metadata, METADATA, *([Imported.metadata] if getattr(service, "imports", ()) else [])]
    return list(compare_metadata(context, ours))


def counts(item: SchemaItem, name: str | None, type_: str, reflected: bool, ours: SchemaItem | None) -> bool:
    return ours is not None or not (reflected and (is_left(item) or (type_ == "index" and (name or "").endswith(ENDING))))
