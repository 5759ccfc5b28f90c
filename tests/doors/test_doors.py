"""Four hundred strange requests to every service: each is answered, and as its document says; what is refused says where and what to do."""

from collections import Counter

import pytest

from tests.doors.__main__ import ENOUGH
from tests.doors.conftest import Stages
from tests.doors.run import run
from tests.permissions.doors import SERVICES

COUNT, SEED = 400, 20261125


@pytest.mark.parametrize("service", SERVICES)
async def test_no_request_breaks_a_door(stages: Stages, service: str) -> None:
    found = await run(await stages(service), count=COUNT, seed=SEED)
    assert found.wrong == [], "\n".join(found.wrong[:20])
    assert found.count >= COUNT
    assert found.few(0.08, 400, 404) == []  # one of eight cases or so; `make fuzz` asks for a fifth
    assert 5000 / len(found.answers) > ENOUGH  # `make fuzz` has enough of each to ask for it
    everything = sum(found.answers.values(), Counter())
    assert {200, 400, 401, 404, 409, 412, 422} <= set(everything)
