"""What is left of names whose customer was erased: keyed hashes, by which we know them again when somebody declares them once more."""

import hmac
from collections.abc import Collection, Sequence
from datetime import datetime
from uuid import UUID

from sqlmodel import Field

from services.customers.domain import Memory
from shared.entities import Timestamp
from shared.errors import Conflict, Unacceptable

DEVELOPMENT = "careloop, for development only"
KEYS = [DEVELOPMENT.encode()]  # one: that of the process, as it was told at its start


class ErasedSubject(Conflict, Unacceptable):
    """This customer was erased, and nothing may be kept of them."""

    code = "erased_subject"
    forget = True
    fix = "Stop sending this customer, and erase them on your side; if they have come back, give them a new reference."


class ErasedReference(Memory, table=True):
    __tablename__ = "erased_reference"

    hash: str = Field(primary_key=True)
    customer_id: UUID = Field(index=True)
    erasure_id: UUID = Field(index=True)
    erased_at: datetime = Field(sa_type=Timestamp)


class ErasureKey(Memory, table=True):
    """By what one can see that the key is still the same."""

    __tablename__ = "erasure_key"

    id: int = Field(default=1, primary_key=True)
    hash: str


def hold(key: str) -> None:
    """From now on names are hashed with this key."""
    KEYS[0] = (key or DEVELOPMENT).encode()


def hashed(reference: str) -> str:
    return hmac.digest(KEYS[0], reference.encode(), "sha256").hex()


def of_the_key() -> str:
    """No name is like that: it has no system."""
    return hashed("careloop")


def refuse_what_is_erased(own: str, others: Sequence[str], erased: Collection[ErasedReference]) -> None:
    """Whoever is declared under an erased name, or as the same customer as one, stays without contact points: nothing of it is kept."""
    if not erased:
        return
    hashes = {it.hash for it in erased}
    if hashed(own) in hashes:
        raise ErasedSubject
    for index, name in enumerate(others):
        if hashed(name) in hashes:
            raise ErasedSubject(field=f"/references/{index}")
