"""What several questions share."""

SHOWN = {"postgres": "postgres", "kafka": "kafka", "either": "postgres|kafka"}


def unless_away(which: str, within: str = "10m") -> str:
    """What follows from a dependency that is away, or was a moment ago, is not told beside it. Who looks at a rate over some time has to forget
    all of that time. A dependency that comes and goes is told by `CareloopDependencyFlapping`."""
    return f'unless on (service) min_over_time(min by (service) (careloop_dependency_up{{dependency=~"{SHOWN[which]}"}})[{within}:1m]) == 0'


UNLESS_STOPPED = "unless on (service, topic) max by (service, topic) (careloop_consumption_stopped) == 1"


def unless_skewed(within: str) -> str:
    """What was measured with a wrong clock says nothing."""
    return f"unless on (service) max_over_time((max by (service) (abs(careloop_clock_apart_seconds)))[{within}:1m]) > 10"
