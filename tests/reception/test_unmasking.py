"""Guests' numbers and words: masked for everybody, and as they are for whoever says what for."""

from tests.apis import Api
from tests.looking import lines, look, reads
from tests.reception.desk import PHONE, applied, asked, post
from tests.rooms import World

SAID, MASKED = "Ring 021-5555 0100, please.", "Ring +86 21****0100, please."


async def test_a_visit(api: Api, reception: World) -> None:
    it = await applied(api, purpose=SAID)
    here = f"/v1/visits/{it['id']}"
    shown = await api.get(here)
    assert (shown["purpose"], shown["guest"]["phone"], [note["text"] for note in shown["notes"]]) == (MASKED, "+86 138****9999", [MASKED])
    answer = await look(api, here, "guest_phone", "notes", role="reception")
    assert (answer.status_code, answer.json()["guest_phone"], [note["text"] for note in answer.json()["notes"]]) == (200, PHONE, [SAID])
    assert (await look(api, here, "guest_phone", purpose="deliver", role="reception")).json() == {
        "visit_id": it["id"],
        "guest_phone": PHONE,
    }
    assert await lines(reception, f"visit:{it['id']}") == [
        ("s-1", "unmasked", "call_customer", ["guest_phone", "notes"], it["unit"]),
        ("s-1", "unmasked", "deliver", ["guest_phone"], it["unit"]),
    ]
    assert (reads(api, "contact"), reads(api, "words"), reads(api, "words", "deliver")) == (1, 1, 0)


async def test_an_inquiry(api: Api, reception: World) -> None:
    it = await asked(api, question=SAID)
    here = f"/v1/inquiries/{it['id']}"
    await post(api, f"{here}/answer", {"answer": SAID})
    shown = await api.get(here)
    assert (shown["question"], shown["answer"], {note["text"] for note in shown["notes"]}) == (MASKED, MASKED, {MASKED})
    answer = await look(api, here, "notes", "call_id", purpose="verify_identity", role="reception")
    assert {note["text"] for note in answer.json()["notes"]} == {SAID} and answer.json()["call_id"] is None
    assert await lines(reception, f"inquiry:{it['id']}") == [("s-1", "unmasked", "verify_identity", ["notes", "call_id"], it["unit"])]


async def test_not_everybody_may(api: Api, reception: World) -> None:
    it = await applied(api)
    for role in ("department", "auditor", "viewer", "admin", "integration"):
        assert (await look(api, f"/v1/visits/{it['id']}", "guest_phone", role=role)).status_code == 403
    assert await lines(reception, f"visit:{it['id']}") == []
