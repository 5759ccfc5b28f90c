"""An address of a database made of its parts: any character may stand in a password."""

from typing import Any
from urllib.parse import quote

PARTS = "host", "port", "name", "username", "password"
ADDRESSES = "database", "owner_database"


def assembled(told: dict[str, Any]) -> dict[str, Any]:
    """What was told, with the addresses of which only parts were told. A whole address wins."""
    return told | {name: dsn_of(told, name) for name in ADDRESSES if not told.get(name) and told.get(f"{name}_host")}


def dsn_of(told: dict[str, Any], name: str) -> str:
    host, port, database, username, password = (str(told.get(f"{name}_{part}") or "") for part in PARTS)
    if missing := [part for part, value in zip(PARTS[2:], (database, username, password), strict=True) if not value]:
        raise ValueError(f"CARELOOP_{name.upper()}_HOST stands there without CARELOOP_{name.upper()}_{missing[0].upper()}")
    place = f"[{host}]" if ":" in host else host
    return f"postgresql://{quote(username, safe='')}:{quote(password, safe='')}@{place}:{port or 5432}/{quote(database, safe='')}"
