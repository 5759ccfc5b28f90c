"""Names, numbers and words are on the topics that are for them, and nowhere else: in no other event, log, metric or parked listing."""

import json
import logging
from typing import Any

import pytest
from prometheus_client import generate_latest
from structlog.testing import capture_logs

from services.reception.domain.inquiry import Inquiry
from services.reception.jobs import closing
from shared.service import Means
from tests.apis import Api
from tests.reception.desk import ANSWER, GUEST, NUMBER, PHONE, PURPOSE, QUESTION, applied, asked, departed, missed, post, telephoned
from tests.rooms import World

SECRETS = GUEST, PHONE, PHONE[3:], NUMBER, NUMBER[3:], PURPOSE, QUESTION, ANSWER
PERSONAL = {"careloop.inbound.customers", "careloop.notes"}


def found(text: str) -> list[str]:
    return [secret for secret in SECRETS if secret in text]


async def test_not_a_word_of_it_leaves(
    reception: World, api: Api, worker: Means, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(logging.getLogger(), "level", logging.DEBUG)
    with capture_logs() as logs, caplog.at_level(logging.DEBUG):
        await departed(api)
        await applied(api)
        await reception.pool.execute("UPDATE visit SET day_ends_at = now() WHERE day_ends_at IS NOT NULL")
        await closing.close_what_is_left(worker)
        inquiry = await asked(api)
        await post(api, f"/v1/inquiries/{inquiry['id']}/answer", {"answer": ANSWER})
        other = await asked(api, kind="complaint")
        await post(api, f"/v1/inquiries/{other['id']}/handover", {"to": "complaints", "category": "delivery"})
        await reception.handle(
            telephoned("call.missed.v1", missed("T-1")),
            telephoned("call.missed.v1", missed("T-2", reason=NUMBER)),  # can't be read
            telephoned("call.missed.v1", missed("T-3"), topic="careloop.inbound.customers"),
        )
        with monkeypatch.context() as broken:  # a bug of ours, with everything in its hands
            broken.setattr(Inquiry, "receive", lambda self: [][str(missed())])  # type: ignore[call-overload]
            await reception.handle(telephoned("call.missed.v1", missed("T-4")))
        for path, body in (
            ("/v1/visits", {"guest": {"name": GUEST, "phone": f"{PHONE}x"}, "purpose": PURPOSE}),
            ("/v1/inquiries", {"question": QUESTION, "channel": PURPOSE}),
            (f"/v1/inquiries/{other['id']}/answer", {"answer": ANSWER}),
        ):
            refused = await api.ask("POST", path, body, role="reception")
            assert refused.status_code in (409, 422) and not found(refused.text)
        parked = (await api.get("/v1/parked"))["items"]
        assert len(parked) == 2
        for it in parked:
            assert not found(json.dumps(await api.get(f"/v1/parked/{it['id']}")))
        assert not {PHONE, NUMBER} & set(found((await api.ask("GET", "/v1/visits")).text + (await api.ask("GET", "/v1/inquiries")).text))
    assert not found(json.dumps(logs, default=str)) and not found(caplog.text)
    for metrics in (reception.room.metrics, api.means.metrics):
        assert not found(generate_latest(metrics.registry).decode())
    outbox: list[dict[str, Any]] = await reception.rows("outbox", "topic, type, convert_from(payload, 'UTF8') AS payload, key, subject")
    assert {it["topic"] for it in outbox} == PERSONAL | {"careloop.reception", "careloop.rejections"}
    assert {it["type"] for it in outbox} >= {"visit.departed.v1", "visit.no_show.v1", "inquiry.answered.v1", "inquiry.handed_over.v1"}
    for it in outbox:
        assert it["topic"] in PERSONAL or not found(str(it)), it["type"]
    assert set(found(str(outbox))) == set(SECRETS)  # they are said where they belong
    assert not found(str(await reception.rows("journal")))
    events = (await api.ask("GET", "/v1/events?limit=200")).text
    assert "visit.applied.v1" in events and not found(events)
