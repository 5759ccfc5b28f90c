"""The profile of a trade says what is told; its words are those of the contracts."""

from typing import get_args

from services.followup.domain.policy import Milestone
from shared.contracts.orders import ProductionMilestone


def test_milestones_are_those_of_production():
    assert get_args(Milestone) == tuple(ProductionMilestone)
