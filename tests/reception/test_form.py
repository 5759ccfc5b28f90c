"""A visit on paper."""

from tests.apis import Api
from tests.reception.desk import PURPOSE, Thing, departed
from tests.rooms import World


async def test_a_visit_is_printed_with_a_masked_number(api: Api, reception: World) -> None:
    """A13, CUST-19"""
    visit: Thing = await departed(api)
    answer = await api.ask("GET", f"/v1/visits/{visit['id']}/form", role="viewer")
    assert answer.status_code == 200, answer.text
    for part in ("来访接待记录", "Example Steel", "Guest of Example Steel", "+86 138****9999", PURPOSE, "s-17", "已离开", "来访人签名"):
        assert part in answer.text
    assert "13800009999" not in answer.text
