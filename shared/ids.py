"""Ids: those that sort by time, and those that are made of what they name."""

from hashlib import blake2b
from uuid import UUID, uuid5

import uuid_utils.compat

CUSTOMERS = UUID("7a6d4a0e-5a0c-5c6e-9d0b-0c1f3f6f2a11")  # the namespace of customer ids; never changes


def uuid7() -> UUID:
    """A new id; an index of these grows at its end."""
    return UUID(int=uuid_utils.compat.uuid7().int)


def made_of(*facts: object) -> UUID:
    """The same facts make the same id, so that the same thing told twice is one thing."""
    return UUID(bytes=digest(*facts), version=5)


def digest(*facts: object) -> bytes:
    """16 bytes that stand for these facts."""
    return blake2b("\0".join(map(str, facts)).encode(), digest_size=16).digest()


def customer_of(reference: str) -> UUID:
    """The customer whom a foreign system calls `reference` (`erp/C-10023`) until somebody says otherwise: UUIDv5, the same in every service."""
    return uuid5(CUSTOMERS, reference)


def id_in(about: str | None, kind: str) -> UUID | None:
    """The id of the thing that is named (`complaint:<id>`), where it is one of this kind."""
    named, _, id = (about or "").partition(":")
    try:
        return UUID(id) if named == kind else None
    except ValueError:
        return None
