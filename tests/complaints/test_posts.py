"""A step that a profile gives to a post is taken by whoever holds it, by the token or by the staff directory, and by nobody else."""

from pathlib import Path
from typing import Any

import pytest

from services.complaints.app import trade_of
from services.complaints.domain.course import Place
from services.complaints.domain.policy import Post
from services.complaints.domain.posting import NeedsPost, held, posts_for
from tests.apis import Api
from tests.complaints.making import POLICY, a_complaint, kept
from tests.makers import record
from tests.rooms import UNITS, World
from tests.shared.an_api import token

LABORATORY = trade_of(
    UNITS.model_copy(update={"units": {name: it.model_copy(update={"profile": "laboratory"}) for name, it in UNITS.units.items()}})
)


@pytest.mark.parametrize(
    ("step", "category", "needed"),
    [
        ("resolution", "test_data", {"quality_manager"}),
        ("resolution", "delivery", set()),
        ("judgement", "test_data", set()),
    ],
)
def test_the_laboratory_gives_what_a_test_found_to_the_quality_manager(step: str, category: str, needed: set[str]) -> None:
    """CMPL-L05"""
    assert posts_for(step, a_complaint(category=category), LABORATORY.policy("headquarters")) == needed


def test_of_several_posts_one_is_enough() -> None:
    policy = POLICY.model_copy(
        update={"posts": (Post(step="closing", posts=("a", "b"), rule="ours"), Post(step="closing", posts=("c",), rule="ours"))}
    )
    needed = posts_for("closing", a_complaint(), policy)
    for post in "abc":
        held(needed, {post, "z"})
    for posts in ((), ("z",)):
        with pytest.raises(NeedsPost, match="a or b or c"):
            held(needed, posts)


def staff(id: str, **facts: Any) -> Any:
    told = {"staff_id": id, "display_name": "Wang", "unit": "headquarters", "posts": ["quality_manager"], "active": True}
    return record("staff.declared.v1", told | facts, source="/hr")


async def test_who_holds_the_post_takes_the_step(api: Api, complaints: World) -> None:
    api.app.state.circumstances["trade"] = LABORATORY
    await complaints.handle(staff("s-20"), staff("s-21", active=False), staff("s-22", posts=["driver"]))
    for claims, category, status in (
        ({"sub": "s-9"}, "delivery", 200),
        ({"sub": "s-9"}, "test_data", 403),
        ({"sub": "s-9", "posts": ["quality_manager"]}, "test_data", 200),
        ({"sub": "s-20"}, "test_data", 200),  # the directory says so
        ({"sub": "s-21"}, "test_data", 403),  # has left
        ({"sub": "s-22"}, "test_data", 403),
    ):
        it = await kept(complaints, a_complaint(Place.UPHELD, category=category))
        answer = await api.client.post(
            f"/v1/complaints/{it.id}/resolution", json={"result": "Tested anew."},
            headers={"Authorization": f"Bearer {token('supervisor', **claims)}", "If-Match": f'"{it.version}"'},
        )  # fmt: skip
        assert answer.status_code == status, (claims, category, answer.text)
        if status == 403:
            assert answer.json()["type"].endswith("needs-post") and "quality_manager" in answer.json()["detail"]


@pytest.mark.parametrize(
    ("posts", "complaint"),
    [
        ('step = "archiving"\nposts = ["a"]\nrule = "ours"', "resolution"),
        ('step = "closing"\nposts = []\nrule = "ours"', "posts"),
        ('step = "closing"\nposts = ["a"]', "rule"),
    ],
)
def test_a_profile_that_names_no_step_or_no_post_is_told(tmp_path: Path, posts: str, complaint: str) -> None:
    (tmp_path / "profiles").mkdir()
    (tmp_path / "profiles" / "standard.toml").write_text(
        f'version = 2\nby = "s-9"\nwhy = "A test."\nextends = "standard"\n[[complaints.posts]]\n{posts}\n'
    )
    with pytest.raises(SystemExit, match=complaint):
        trade_of(UNITS, tmp_path)
