"""Words about a complaint: masked for everybody, and as they were said for whoever says what for."""

from tests.apis import Api
from tests.complaints.making import BODY, taken
from tests.looking import lines, look, reads
from tests.rooms import World

SAID = "Call me on 138 0013 8000 or mail anna@example.com, order SO-2026-000123."
MASKED = "Call me on +86 138****8000 or mail a***@example.com, order SO-2026-000123."


async def test_words_are_masked_until_somebody_says_what_for(api: Api, complaints: World) -> None:
    it = await taken(api, content=SAID, expected_remedy=SAID)
    here = f"/v1/complaints/{it['id']}"
    shown = await api.get(here)
    assert {note["text"] for note in shown["notes"]} == {MASKED} and shown["expected_remedy"] == it["expected_remedy"] == MASKED
    assert SAID not in str(await api.get("/v1/complaints"))
    answer = await look(api, here, "notes", purpose="handle_complaint")
    assert answer.status_code == 200 and {note["text"] for note in answer.json()["notes"]} == {SAID}
    assert await lines(complaints, f"complaint:{it['id']}") == [("s-1", "unmasked", "handle_complaint", ["notes"], it["unit"])]
    assert reads(api, "words", "handle_complaint") == 1


async def test_not_everybody_may(api: Api, complaints: World) -> None:
    it = await taken(api, **BODY)
    for role in ("reception", "auditor", "viewer", "integration", "admin"):
        assert (await look(api, f"/v1/complaints/{it['id']}", "notes", role=role)).status_code == 403
    assert await lines(complaints, f"complaint:{it['id']}") == []
