"""The profile of a trade says what is told; its words are those of the contracts."""

import re
from pathlib import Path
from typing import get_args

import pytest

from services.followup.app import trade_of
from services.followup.domain.policy import Milestone
from shared.contracts.orders import ProductionMilestone
from tests.rooms import UNITS


def test_milestones_are_those_of_production():
    assert get_args(Milestone) == tuple(ProductionMilestone)


@pytest.mark.parametrize(
    ("table", "said"),
    [
        ('[followup]\nchannels = ["smss"]', 'followup.channels[0] is "smss": one of email, sms belongs here; did you mean "sms"?'),
        ('[followup]\ntold = ["shiped"]', 'did you mean "shipped"?'),
        ('[followup.quiet.smss]\nsince = "21:00"\nuntil = "08:00"', "there is no channel smss; they are email, sms."),
    ],
)
def test_a_code_that_there_is_not_is_a_mistake(tmp_path: Path, table: str, said: str) -> None:
    (tmp_path / "profiles").mkdir()
    (tmp_path / "profiles" / "standard.toml").write_text(f'version = 2\nby = "s-9"\nwhy = "?"\nextends = "standard"\n{table}\n')
    with pytest.raises(SystemExit, match=re.escape(said)):
        trade_of(UNITS, tmp_path)
