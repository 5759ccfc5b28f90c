"""The shelf, where only the database shows it."""

from typing import Any

import pytest

from services.customers.domain.claim import Claim
from services.followup.domain.contact import Contact
from shared.database import open_pool
from shared.ids import customer_of
from shared.shelf import Raced, Shelf


async def test_new_rows_go_in_by_their_key(databases: Any) -> None:
    """Two workers that make the same rows in opposite orders would otherwise each wait for the other."""
    database = await databases.migrated("customers")
    pool, shelf = await open_pool(database.dsn, size=1), Shelf()
    for n in (3, 1, 2):
        shelf.remember(Claim(reference=f"erp/{n}", customer_id=customer_of(f"erp/{n}")))
    async with pool.acquire() as connection, connection.transaction():
        await shelf.save(connection)
        rows = await connection.fetch("SELECT reference FROM claim ORDER BY ctid")
    pool.terminate()
    assert [row["reference"] for row in rows] == ["erp/1", "erp/2", "erp/3"]


def test_two_reads_that_disagree_are_a_race_and_two_makings_a_bug() -> None:
    """Between two reads somebody may commit: the batch is read again. A reaction that makes what another made, is wrong."""
    read, made = Shelf(), Shelf()
    there = Contact.unknown("erp/C-1")
    read.known[Contact, "erp/C-1"] = there
    read.read.append(there)
    with pytest.raises(Raced):
        read.remember(Contact.unknown("erp/C-1"))
    made.remember(there)
    with pytest.raises(ValueError, match="made a second time"):
        made.remember(Contact.unknown("erp/C-1"))
