"""Every odd request is answered with what is wrong and what to do; none of them reaches anything."""

import orjson
import pytest

from tests.doors.asking import Request
from tests.doors.conftest import Stages
from tests.doors.judge import faults
from tests.doors.nasty import METHODS, Nasty, at_command, at_register, at_step
from tests.doors.stage import Stage
from tests.permissions.doors import SERVICES, Door, doors
from tests.permissions.things import said

REGISTER = "/v1/complaints"


@pytest.fixture
async def complaints(stages: Stages) -> Stage:
    return await stages("complaints")


async def wrong_with(stage: Stage, nasty: Nasty) -> list[str]:
    request = nasty.request(stage.bearers["everybody"])
    async with stage.scene():
        answer = await stage.ask(request)
    wrong = [] if nasty.breaks_off and answer.status == 0 else list(faults(None, request, answer))
    if answer.status not in nasty.status:
        wrong.append(f"{answer.status}, expected {nasty.status}: {answer.content[:200]!r}")
    elif nasty.at and answer.status >= 400 and answer.told().get("field") != nasty.at:
        wrong.append(f"names {answer.told().get('field')!r}, expected {nasty.at!r}: {answer.told()['detail']}")
    return [f"{nasty.what}: {it}" for it in wrong]


async def test_odd_requests_to_a_register(complaints: Stage) -> None:
    odd = list(at_register(REGISTER, complaints.known["complaint_id"]))
    assert [it for nasty in odd for it in await wrong_with(complaints, nasty)] == []


async def test_odd_requests_to_a_command(complaints: Stage) -> None:
    good = orjson.dumps(said(Door("complaints", "POST", REGISTER), complaints.known))
    assert [it for nasty in at_command(REGISTER, good) for it in await wrong_with(complaints, nasty)] == []


async def test_odd_versions_at_a_step(complaints: Stage) -> None:
    step = f"{REGISTER}/{complaints.known['complaint_id']}/acknowledgement"
    assert [it for nasty in at_step(step, b"{}") for it in await wrong_with(complaints, nasty)] == []


@pytest.mark.parametrize("service", SERVICES)
async def test_odd_methods_at_every_address(stages: Stages, service: str) -> None:
    """Nothing is done; whoever asks learns what there is."""
    built: dict[str, set[str]] = {}
    for door in doors(service):
        built.setdefault(door.path, {"HEAD"} if door.method == "GET" else set()).add(door.method)
    stage = await stages(service)
    assert [it for path, there in built.items() for method in METHODS for it in await wrong_at(stage, method, path, there)] == []


async def wrong_at(stage: Stage, method: str, path: str, there: set[str]) -> list[str]:
    target = path.replace(":path}", "}")
    for name, it in stage.known.items():
        target = target.replace(f"{{{name}}}", it)
    request = Request(method, target, {"Authorization": f"Bearer {stage.bearers['everybody']}"})
    answer = await stage.ask(request)
    wrong = list(faults(None, request, answer))
    if answer.status != 405:
        wrong.append(f"is {answer.status}")
    elif not there <= set(answer.headers["allow"].split(", ")):
        wrong.append(f"Allow says {answer.headers['allow']}, and there is {sorted(there)}")
    return [f"{method[:8]} {path}: {it}" for it in wrong]
