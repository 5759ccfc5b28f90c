"""Which step is possible when: a thing's table says it, and everything else is a conflict that names what is possible instead."""

from collections.abc import Mapping
from enum import StrEnum

from shared.errors import Conflict

Steps = Mapping[StrEnum, tuple[str, ...]]


class NotNow(Conflict):
    """The state does not allow this step."""


def must_allow(steps: Steps, state: StrEnum, step: str) -> None:
    allowed = steps.get(state, ())
    if step not in allowed:
        raise NotNow(f"It is {state.value.replace('_', ' ')}: that leaves no room for this step.", allowed=allowed)
