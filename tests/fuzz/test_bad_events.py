"""A thousand bad events through real workers: each is handled or parked with a reason that names the field; none is lost, none blocks, no worker ends."""

import pytest

from tests.fuzz.report import report
from tests.fuzz.run import run
from tests.fuzz.stream import stream

SEED, COUNT = 20261125, 1000


async def test_bad_events_are_handled_or_parked_and_nothing_else_happens(capsys: pytest.CaptureFixture[str]) -> None:
    found = await run(list(stream(SEED, COUNT)), patience=90)
    told = "\n".join(report(found, SEED))
    assert found.verdict.wrong == [], told
    assert sum(found.verdict.codes.values()) > COUNT / 3
    assert {"unknown_source", "wrong_topic", "unknown_type", "unreadable", "invalid", "null_value", "future_time", "too_large"} <= set(
        found.verdict.codes
    )
    assert found.messages > 0, "what customers are told leaves too"
