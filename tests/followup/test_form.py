"""A call on paper."""

from shared.clock import now
from tests.apis import Api
from tests.followup.saying import happened, said
from tests.rooms import World


async def test_a_call_is_printed_with_what_was_asked_and_answered(api: Api, followup: World) -> None:
    """A13, FLUP-08"""
    await followup.handle(said(happened("resolved", resolved_at=now())))
    (call,) = await followup.rows("call", "id")
    here = f"/v1/calls/{call['id']}"
    await api.ask("POST", f"{here}/attempts", {"outcome": "busy"}, role="specialist")
    told = {"satisfaction": "fair", "score": 3, "aspects": ["speed"], "remarks": "太慢，打 13800138000"}
    assert (await api.ask("POST", f"{here}/outcome", told, role="specialist")).status_code == 200
    answer = await api.ask("GET", f"{here}/form", role="viewer")
    for part in (
        "客户回访记录表",
        "您对投诉的处理过程和结果是否满意？",
        "占线",
        "一般",
        "3 / 5",
        "speed",
        "太慢",
        "138****8000",
        "回访人签名",
    ):
        assert part in answer.text, part
    assert "13800138000" not in answer.text
