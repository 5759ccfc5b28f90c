"""The tree keeps to the house; and each of its rules bites when it is broken."""

from pathlib import Path

import pytest

from tests.house.names import LONGEST, offences

ROOT = Path(__file__).parents[2]


def test_the_tree_keeps_to_the_house():
    assert offences(ROOT) == []


@pytest.mark.parametrize(
    ("file", "source", "said"),
    [
        ("services/followup/actions/telling.py", "from sqlmodel import select\n", "queries are the store's: select"),
        ("services/followup/api/notices.py", "from sqlalchemy import col, update as change\n", "queries are the store's: update"),
        ("services/followup/jobs/sending.py", "import sqlalchemy\nsqlalchemy.delete(1)\n", "queries are the store's: sqlalchemy.delete"),
        ("shared/worker.py", "from sqlmodel import select\n", "queries are the store's: select"),
        (
            "services/followup/domain/notice.py",
            "from sqlmodel.ext.asyncio.session import AsyncSession\n",
            "a rule has no session: AsyncSession",
        ),
        ("services/followup/listeners/orders.py", "from sqlalchemy.ext.asyncio import AsyncEngine\n", "a rule has no session: AsyncEngine"),
        ("shared/shell.py", "policy = AckPolicy.ACK_FIRST\n", "only MANUAL loses nothing: ACK_FIRST"),
        ("shared/shell.py", "policy = middlewares.AckPolicy.NACK_ON_ERROR\n", "only MANUAL loses nothing: NACK_ON_ERROR"),
        ("shared/shell.py", "broker.subscriber('a', batch=True)\n", "only MANUAL loses nothing: none given"),
        ("shared/shell.py", "broker.subscriber('a', ack_policy=policy)\n", "only MANUAL loses nothing: policy"),
        ("shared/shell.py", "broker.subscriber('a', no_ack=True, ack_policy=AckPolicy.MANUAL)\n", "only MANUAL loses nothing: no_ack=True"),
        ("shared/long.py", "\n" * (LONGEST + 1), f"{LONGEST + 1} lines are two thoughts"),
        ("services/followup/actions/helpers.py", "", "a name that says nothing"),
        ("shared/utils.py", "", "a name that says nothing"),
    ],
)
def test_every_rule_bites(tmp_path, file, source, said):
    planted = tmp_path / file
    planted.parent.mkdir(parents=True)
    planted.write_text(source, encoding="utf-8")
    assert offences(tmp_path) == [f"{file}: {said}"]


@pytest.mark.parametrize(
    ("file", "source"),
    [
        ("services/followup/store/notices.py", "from sqlmodel import select\n"),
        ("shared/shell.py", "broker.subscriber('a', ack_policy=AckPolicy.MANUAL)\n"),
        ("tests/followup/test_news.py", "from sqlmodel import select\n"),
        ("tests/bench/the_usual_way.py", "broker.subscriber('a', ack_policy=AckPolicy.ACK)\n"),
    ],
)
def test_what_is_allowed_is_let_be(tmp_path, file, source):
    planted = tmp_path / file
    planted.parent.mkdir(parents=True)
    planted.write_text(source, encoding="utf-8")
    assert offences(tmp_path) == []
