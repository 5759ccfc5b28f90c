"""An alert: what is asked, how long it has to be so, how loud it is, and two examples: one of which it speaks, one of which it does not.

Seconds in a question stand in braces, `> {120}`: a drill scales them, as it does every duration.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

RUNBOOKS = "RUNBOOKS/"  # the chart puts the address of the operator's copy in its place
SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86_400}
DURATION = re.compile(r"(?<=[\[:])(\d+[smhd])(?=[:\]])")
SPAN = re.compile(r"\{(\d+(?:\.\d+)?)\}")
Severity = Literal["page", "ticket"]
LEAST = 5  # seconds that a rate looks back in a drill: two scrapes at least


@dataclass(frozen=True, slots=True)
class Example:
    """Series a minute apart as promtool writes them, and what is told of them by then: the labels of each alert but its own."""

    series: Mapping[str, str]
    at: str = "30m"
    tells: tuple[Mapping[str, str], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Recording:
    name: str
    asks: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Alert:
    name: str
    severity: Severity
    asks: str
    lasts: str
    says: str  # a sentence; `{{ $labels.service }}` and the like
    fires: Example
    silent: Example
    labels: Mapping[str, str] = field(default_factory=dict)

    @property
    def slug(self) -> str:
        """The name of its runbook: CareloopOutboxStuck → outbox-stuck."""
        return re.sub(r"(?<=[a-z])(?=[A-Z])", "-", self.name.removeprefix("Careloop")).lower()

    @property
    def own_labels(self) -> dict[str, str]:
        return {"severity": self.severity, **self.labels}

    def summary(self, labels: Mapping[str, str]) -> str:
        """The sentence as it is told of these labels."""
        return re.sub(r"\{\{ \$labels\.(\w+) \}\}", lambda found: labels.get(found[1], ""), self.says)


def asked(question: str, scale: float = 1.0) -> str:
    """PromQL, every span of time in it scaled."""
    text = " ".join(question.split())
    text = SPAN.sub(lambda found: number(float(found[1]) * scale), text)
    return DURATION.sub(lambda found: span(found[1], scale, least=LEAST), text)


def span(duration: str, scale: float, *, least: float = 0) -> str:
    if scale == 1:
        return duration
    return f"{max(SECONDS[duration[-1]] * int(duration[:-1]) * scale, least) * 1000:.0f}ms"


def number(value: float) -> str:
    return f"{value:g}" if value < 1e6 else str(int(value))
