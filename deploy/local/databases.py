"""A database a service on one PostgreSQL server, each with an owner who migrates it and a runtime role that can see no other."""

import hashlib
from dataclasses import dataclass
from urllib.parse import urlsplit, urlunsplit

import asyncpg

SERVICES = ("customers", "complaints", "followup", "reception")


@dataclass(frozen=True)
class Database:
    """Where a service's runtime role and its owner reach one database."""

    name: str
    dsn: str
    owner_dsn: str


@dataclass(frozen=True)
class Server:
    """An administrator's address and the secret from which the roles' passwords are made."""

    admin: str
    secret: str

    async def provide(self, service: str, name: str | None = None) -> Database:
        """The service's roles and database, made as far as they are missing."""
        database = self.database(service, name)
        await self._roles(service)
        if not await self._ask("SELECT 1 FROM pg_database WHERE datname = $1", database.name):
            await self._do(f'CREATE DATABASE "{database.name}" OWNER "{service}_owner" TEMPLATE template0')
        await self._close(service, database)
        return database

    async def copy(self, service: str, template: Database, name: str) -> Database:
        """A new database like `template`, to which nobody may be connected, in some hundredths of a second."""
        database = self.database(service, name)
        await self._do(f'CREATE DATABASE "{database.name}" OWNER "{service}_owner" TEMPLATE "{template.name}"')
        await self._fence(service, database)
        return database

    async def drop(self, database: Database) -> None:
        await self._do(f'DROP DATABASE IF EXISTS "{database.name}" WITH (FORCE)')

    def database(self, service: str, name: str | None = None) -> Database:
        name = name or service
        return Database(name, self._dsn(service, name), self._dsn(f"{service}_owner", name))

    async def _roles(self, service: str) -> None:
        for role in (service, f"{service}_owner"):
            verb = "ALTER" if await self._ask("SELECT 1 FROM pg_roles WHERE rolname = $1", role) else "CREATE"
            await self._do(f"{verb} ROLE \"{role}\" LOGIN PASSWORD '{self._password(role)}'")
        await self._do(f'GRANT "{service}_owner" TO CURRENT_USER')  # an administrator who is no superuser may then give to it

    async def _close(self, service: str, database: Database) -> None:
        await self._fence(service, database)
        connection = await asyncpg.connect(database.owner_dsn)
        try:
            await connection.execute(f"""
                ALTER DEFAULT PRIVILEGES GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO "{service}";
                ALTER DEFAULT PRIVILEGES GRANT USAGE, SELECT ON SEQUENCES TO "{service}";
            """)
        finally:
            await connection.close()

    async def _fence(self, service: str, database: Database) -> None:
        await self._do(f'REVOKE ALL ON DATABASE "{database.name}" FROM PUBLIC; GRANT CONNECT ON DATABASE "{database.name}" TO "{service}"')

    async def _do(self, statement: str) -> None:
        connection = await asyncpg.connect(self.admin)
        try:
            await connection.execute(statement)
        finally:
            await connection.close()

    async def _ask(self, query: str, *arguments: str) -> bool:
        connection = await asyncpg.connect(self.admin)
        try:
            return await connection.fetchval(query, *arguments) is not None
        finally:
            await connection.close()

    def _password(self, role: str) -> str:
        return hashlib.blake2b(role.encode(), key=self.secret.encode(), digest_size=16).hexdigest()

    def _dsn(self, role: str, database: str) -> str:
        parts = urlsplit(self.admin)
        where = parts.netloc.rpartition("@")[2]
        return urlunsplit(("postgresql", f"{role}:{self._password(role)}@{where}", f"/{database}", parts.query, ""))
