"""Whom visits and inquiries are about: declared by us, known to others, turned out to be another, erased; and what was written about them."""

from collections.abc import AsyncIterator
from dataclasses import replace
from itertools import permutations
from typing import Any
from uuid import UUID

import pytest

from services.customers.app import service as customers_service
from services.reception.app import FOLLOWING
from shared.clock import now
from shared.contracts.contacts import ContactChanged, ContactErased, KnownAs, Standing
from shared.contracts.notes import NoteErased, NoteWritten
from shared.ids import customer_of, uuid7
from shared.service import Means
from tests.apis import Api
from tests.makers import customer, declared, record
from tests.reception.desk import (
    GUEST,
    NUMBER,
    PHONE,
    PURPOSE,
    Thing,
    applied,
    asked,
    departed,
    missed,
    post,
    published,
    stepped,
    telephoned,
    told,
)
from tests.rooms import World, world

CONTACTS = "careloop.contacts"
ERP = customer_of("erp/C-9")


@pytest.fixture
async def customers(databases: Any) -> AsyncIterator[World]:
    async with world(databases, customers_service) as room:
        yield room


async def follow(worker: Means) -> None:
    while await FOLLOWING.run(worker):
        pass


def known_as(reference: str, of: UUID = ERP, *, revision: int = 1, unit: str = "headquarters", **more: Any) -> Any:
    return told(ContactChanged(
        customer_id=of, standing=Standing.DECLARED, unit=unit, references=[KnownAs(reference=reference, revision=revision)],
    ), **more)  # fmt: skip


async def test_customers_takes_our_guest_as_any_source_s(api: Api, reception: World, customers: World, worker: Means) -> None:
    """RECP-01; and what it says of them comes back without changing the visit."""
    visit = await applied(api)
    await customers.handle(*await published(reception, "careloop.inbound.customers"))
    (file,) = await customers.rows("customer")
    assert not await customers.rows("parked")
    assert (str(file["id"]), file["state"], file["display_name"], file["source"], file["unit"], file["kind"]) == (
        visit["customer_id"], "registered", GUEST, "/careloop/reception", "headquarters", "person",
    )  # fmt: skip
    (contact,) = [it for name, it in await customers.announced() if name == "contact.changed.v1"]
    assert contact and contact["phones"] == [PHONE] and contact["references"][0]["reference"] == f"reception/{visit['id']}"
    await reception.handle(*await published(customers, CONTACTS))
    await follow(worker)
    shown = await api.get(f"/v1/visits/{visit['id']}")
    assert (shown["version"], shown["customer_id"]) == (1, visit["customer_id"])
    (known,) = await reception.rows("known_customer")
    assert known["declared"] and known["declared_as"] == f"reception/{visit['id']}"


async def test_a_caller_and_a_guest_of_another_unit_are_taken_too(api: Api, reception: World, customers: World) -> None:
    await reception.handle(telephoned("call.missed.v1", missed(), unit="overseas"))
    await customers.handle(*await published(reception, "careloop.inbound.customers"))
    (file,) = await customers.rows("customer")
    assert (file["display_name"], file["unit"], file["phones"]) == ("+86 137****1234", "overseas", [NUMBER])


async def test_a_guest_who_turns_out_to_be_a_customer_is_followed(api: Api, reception: World, customers: World, worker: Means) -> None:
    """All the way: declared by us, claimed by the ERP, and told back to us."""
    visit = await applied(api)
    await reception.handle(telephoned("call.missed.v1", missed()))
    (inquiry,) = (await api.get("/v1/inquiries"))["items"]
    await customers.handle(*await published(reception, "careloop.inbound.customers"))
    claimed = [f"reception/{visit['id']}", f"reception/{inquiry['id']}"]
    await customers.handle(record("customer.declared.v1", declared("erp/C-9", references=claimed)))
    parked = await customers.rows("parked", "code")
    assert [it["code"] for it in parked] == [
        "conflicting_reference"
    ]  # a name that was declared stays; what was only mentioned may be claimed
    await reception.handle(known_as(f"reception/{visit['id']}", revision=5), known_as(f"reception/{inquiry['id']}", revision=5))
    await follow(worker)
    assert (await api.get(f"/v1/visits/{visit['id']}"))["customer_id"] == str(ERP)
    assert (await api.get(f"/v1/inquiries/{inquiry['id']}"))["customer_id"] == str(ERP)
    stale = await api.ask("POST", f"/v1/visits/{visit['id']}/arrival", {}, role="reception", if_match='"1"')
    assert stale.status_code == 412  # it changed under their hands
    here = await stepped(api, await api.get(f"/v1/visits/{visit['id']}"), "arrival")
    name, event = (await reception.announced())[-1]
    assert event and (name, event["customer_id"]) == ("visit.arrived.v1", str(ERP)) and here["version"] == 3


async def test_whoever_is_known_to_be_another_is_taken_as_that_at_once(api: Api, reception: World) -> None:
    await reception.handle(known_as("shop/W-1", unit="overseas"))
    old = str(customer_of("shop/W-1"))
    for named in ({"customer": customer("shop/W-1")}, {"customer": None, "customer_id": old}, {"customer": None, "customer_id": str(ERP)}):
        inquiry = await asked(api, **named)
        assert inquiry["customer_id"] == str(ERP)
        assert inquiry["unit"] == ("headquarters" if named.get("customer_id") == str(ERP) else "overseas")
    visit = await applied(api, customer=customer("shop/W-1"))
    assert (visit["customer_id"], visit["unit"]) == (str(ERP), "overseas")
    await reception.handle(telephoned("call.missed.v1", missed(customer=customer("shop/W-1"))))
    (call,) = (await api.get("/v1/inquiries?kind=callback"))["items"]
    assert (call["customer_id"], call["unit"]) == (str(ERP), "overseas")


@pytest.mark.parametrize("order", list(permutations(range(3))))
async def test_what_is_told_of_a_name_in_any_order_ends_alike(api: Api, reception: World, worker: Means, order: tuple[int, ...]) -> None:
    """The call, and two customers who had the caller's name one after the other."""
    crm = customer_of("crm/K-1")
    records = [
        telephoned("call.missed.v1", missed(customer=customer("shop/W-1"))),
        known_as("shop/W-1", revision=1, partition=0, offset=5), known_as("shop/W-1", crm, revision=2, partition=1, offset=2),
    ]  # fmt: skip
    for n in order:
        await reception.handle(records[n])
    await reception.handle(*records)
    await follow(worker)
    (inquiry,) = (await api.get("/v1/inquiries"))["items"]
    assert inquiry["customer_id"] == str(crm)


async def test_of_an_erased_customer_neither_name_nor_number_stays(api: Api, reception: World) -> None:
    """Also where a visit does not know yet whose it is; and of others everything stays."""
    theirs, other = await departed(api), await applied(api)
    late = await applied(api, customer=customer("shop/W-1"))
    await reception.handle(telephoned("call.missed.v1", missed()))
    (inquiry,) = (await api.get("/v1/inquiries"))["items"]
    await reception.handle(*(known_as(it, revision=3) for it in (f"reception/{theirs['id']}", f"reception/{inquiry['id']}", "shop/W-1")))
    before = len(await reception.announced())  # the job that lets them follow has not run
    erased = told(ContactErased(customer_id=ERP))
    await reception.handle(erased)
    await reception.handle(replace(erased, offset=erased.offset + 1))
    guests = {str(it["id"]): (it["guest_name"], it["guest_phone"]) for it in await reception.rows("visit")}
    assert guests == {theirs["id"]: (None, None), late["id"]: (None, None), other["id"]: (GUEST, PHONE)}
    shown = await api.get(f"/v1/visits/{theirs['id']}")
    assert (shown["guest"], shown["state"], shown["company"]) == ({"name": None, "phone": None}, "departed", "")
    taken_back = await reception.rows("outbox", "topic, key, payload", "position > (SELECT min(position) FROM outbox) + $1", before - 1)
    assert sorted((it["topic"], it["key"], it["payload"]) for it in taken_back) == sorted(
        ("careloop.inbound.customers", f"reception/{it['id']}", None) for it in (theirs, inquiry)
    )


async def test_what_we_take_back_customers_forgets(api: Api, reception: World, customers: World) -> None:
    visit = await applied(api)
    await customers.handle(*await published(reception, "careloop.inbound.customers"))
    await reception.handle(told(ContactErased(customer_id=UUID(visit["customer_id"]))))
    withdrawn = (await published(reception, "careloop.inbound.customers"))[-1]
    assert withdrawn.value is None
    await customers.handle(withdrawn)
    (contact,) = [it for name, it in await customers.announced() if name == "contact.changed.v1"][-1:]
    assert contact and contact["phones"] == [] and not await customers.rows("parked")


def note(about: str, text: str = "Nobody met us at the station.", **facts: Any) -> NoteWritten:
    return NoteWritten(**{
        "note_id": uuid7(), "about": about, "kind": "remarks", "text": text, "customer_id": ERP, "unit": "headquarters", "written_at": now(),
        "written_by": "s-9", "shared_with": ["complaints", "reception"],
    } | facts)  # fmt: skip


async def notes_of(api: Api, visit: Thing) -> list[tuple[str, str]]:
    return [(it["kind"], it["text"]) for it in (await api.get(f"/v1/visits/{visit['id']}"))["notes"]]


async def test_what_they_said_when_they_were_called_stands_with_the_visit(api: Api, reception: World) -> None:
    """FLUP-25"""
    visit = await departed(api)
    remarks = note(f"visit:{visit['id']}")
    await reception.handle(told(remarks), told(note(f"visit:{visit['id']}", "not ours", shared_with=["complaints"])))
    assert await notes_of(api, visit) == [("purpose", PURPOSE), ("remarks", remarks.text)]
    await reception.handle(told(NoteErased(note_id=remarks.note_id)))
    assert await notes_of(api, visit) == [("purpose", PURPOSE)] and not await reception.rows("parked")


async def test_of_a_note_the_later_record_holds(api: Api, reception: World) -> None:
    visit = await departed(api)
    first = note(f"visit:{visit['id']}", "first")
    second = first.model_copy(update={"text": "second"})
    for records in (
        [told(second, offset=9), told(first, offset=8)],
        [told(first, offset=8), told(second, offset=9), told(first, offset=8)],
    ):
        await reception.pool.execute("DELETE FROM inbox; DELETE FROM note WHERE kind = 'remarks'")
        for it in records:
            await reception.handle(it)
        assert (await notes_of(api, visit))[1:] == [("remarks", "second")]


async def test_our_own_notes_come_back_and_change_nothing(api: Api, reception: World) -> None:
    inquiry = await asked(api, kind="complaint")
    await post(api, f"/v1/inquiries/{inquiry['id']}/handover", {"to": "complaints", "category": "delivery"})
    before = await reception.rows("note")
    await reception.handle(*await published(reception, "careloop.notes"))
    assert await reception.rows("note") == before and len(before) == 1


async def test_words_that_are_erased_are_gone_and_the_visit_stays(api: Api, reception: World) -> None:
    visit, inquiry = await applied(api), await asked(api)
    for row in await reception.rows("note", "id"):
        await reception.handle(told(NoteErased(note_id=row["id"])))
    assert (await api.get(f"/v1/visits/{visit['id']}"))["purpose"] is None and not await reception.rows("note")
    assert (await api.get("/v1/inquiries"))["items"][0]["question"] is None
    before = len(await reception.announced())
    await post(api, f"/v1/inquiries/{inquiry['id']}/handover", {"to": "complaints", "category": "delivery"})
    assert [name for name, _ in (await reception.announced())[before:]] == ["inquiry.handed_over.v1"]  # nothing comes back to life
