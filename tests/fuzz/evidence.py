"""Reads what each service remembers of the records, and what it says of itself: registers, inboxes, stops, logs and rejections."""

import json
from collections import Counter
from collections.abc import Iterable

import asyncpg
import orjson

from shared.topics import SERVICES
from tests.chaos.checker import everything
from tests.fuzz.judge import PERSONAL, Evidence, Place, Row
from tests.fuzz.stage import Stage

REJECTIONS = "careloop.rejections"


async def evidence(stage: Stage) -> dict[str, Evidence]:
    return {name: await evidence_of(stage, name) for name in SERVICES}


async def evidence_of(stage: Stage, name: str) -> Evidence:
    connection = await asyncpg.connect(stage.databases[name].dsn)
    try:
        rows = await connection.fetch("SELECT topic, partition, record_offset, code, message, pointer, ours, state FROM parked")
        inbox = await connection.fetch("SELECT id FROM inbox")
    finally:
        await connection.close()
    parked = {
        (it["topic"], it["partition"], it["record_offset"]): Row(it["code"], it["message"], it["pointer"], it["ours"], it["state"])
        for it in rows
    }
    return Evidence(parked, {it["id"] for it in inbox})


async def rejections(stage: Stage) -> tuple[Counter[Place], list[str]]:
    """How often each place was rejected; what comes twice under one id counts once. And which rejections tell a value."""
    told, seen, wrong = Counter[Place](), set(), []
    for record in await everything(stage.broker.address, REJECTIONS):
        headers = dict(record.headers)
        if headers["ce_type"] != b"event.rejected.v1" or headers["ce_id"] in seen:
            continue
        seen.add(headers["ce_id"])
        it = orjson.loads(record.value)
        told[it["topic"], it["partition"], it["offset"]] += 1
        if any(value in it["message"] + (it["pointer"] or "") for value in PERSONAL):
            wrong.append(f"the rejection of {it['topic']}/{it['partition']}/{it['offset']} tells a value")
    return told, wrong


async def wrong_with_services(stage: Stage) -> list[str]:
    """Stops, deaths, and values in a log."""
    wrong = stage.deaths()
    for name in SERVICES:
        connection = await asyncpg.connect(stage.databases[name].dsn)
        try:
            stopped = await connection.fetch("SELECT topic, reason FROM stopped")
        finally:
            await connection.close()
        wrong += [f"{name} stopped {it['topic']}: {it['reason'][:200]}" for it in stopped]
        wrong += leaks(name, stage.log(name).read_text(errors="replace").splitlines())
    return wrong


def leaks(name: str, lines: Iterable[str]) -> list[str]:
    """Lines with something personal, and those that tell of a bug. An event's id is told, and is nobody's."""
    wrong = []
    for line in lines:
        try:
            told = json.loads(line)
        except ValueError:
            wrong.append(f"{name}'s log has a line that is no JSON: {line[:200]}")
            continue
        said = json.dumps({key: it for key, it in told.items() if key not in ("event_id", "correlation_id")}, ensure_ascii=False)
        if any(value in said for value in PERSONAL):
            wrong.append(f"{name}'s log tells a value: {said[:200]}")
        elif told.get("level") in ("error", "critical") and not str(told.get("logger")).startswith(
            "aiokafka"
        ):  # a new broker has no coordinator
            wrong.append(f"{name}'s log: {said[:400]}")
    return wrong[:20]
