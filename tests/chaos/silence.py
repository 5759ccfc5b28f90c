"""The longest time in which nothing came out though something was waiting, by the broker's own clock."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from tests.chaos.schedule import Fault

BEFORE = 3.0  # seconds: a fault that ended so long ago may still be felt


@dataclass(frozen=True, slots=True)
class Silence:
    since: float
    seconds: float


NOTHING = Silence(0, 0)


def longest(went_in: Mapping[str, float], came_out: Mapping[str, float]) -> Silence:
    """By name: when the broker had the first of each. What never came out is lost, which others count."""
    through = sorted((out, went_in[name]) for name, out in came_out.items() if name in went_in)
    found, oldest = NOTHING, float("inf")
    for place in range(len(through) - 1, -1, -1):
        out, into = through[place]
        oldest = min(oldest, into)  # of all that come out from here on
        since = max(through[place - 1][0], oldest) if place else oldest
        if out - since > found.seconds:
            found = Silence(since, out - since)
    return found


def causes(silence: Silence, struck: Sequence[tuple[float, float, Fault]]) -> list[str]:
    """The faults that were under way then, or the last one before it. `struck`: when each began and was mended."""
    during = [it for it in struck if it[0] < silence.since + silence.seconds and it[1] > silence.since - BEFORE]
    before = sorted((it for it in struck if it[0] <= silence.since), key=lambda it: it[0])
    return [str(fault) for _, _, fault in during or before[-1:]]
