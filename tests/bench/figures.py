"""Figures of contenders that ran in turn: what each round measured, how they compare, and whether that is what we want."""

import os
import platform
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from statistics import median
from typing import Any

import psutil

Round = Mapping[str, float]  # a figure by the name of its column, unit included


@dataclass(frozen=True, slots=True)
class Goal:
    """A column of `of`, divided round by round by that of `beside` where one is named, is to lie within these bounds: in the middle, or in the worst round."""

    column: str
    of: str
    beside: str | None = None
    least: float | None = None
    most: float | None = None
    worst: bool = False

    def judged(self, rounds: Mapping[str, Sequence[Round]]) -> "Judgement | None":
        """None where a contender did not run."""
        ours, theirs = rounds.get(self.of), rounds.get(self.beside) if self.beside else None
        if not ours or (self.beside and not theirs):
            return None
        values = [it[self.column] for it in ours]
        if theirs:
            values = [value / it[self.column] for value, it in zip(values, theirs, strict=True)]
        counts = (min(values) if self.least is not None else max(values)) if self.worst else median(values)
        met = (self.least is None or counts >= self.least) and (self.most is None or counts <= self.most)
        return Judgement(self, median(values), min(values), max(values), met)

    def __str__(self) -> str:
        bound = f">= {self.least:g}" if self.least is not None else f"<= {self.most:g}" if self.most is not None else "stated"
        return f"{bound}{' in the worst round' if self.worst else ''}"


@dataclass(frozen=True, slots=True)
class Judgement:
    goal: Goal
    middle: float
    lowest: float
    highest: float
    met: bool


@dataclass
class Result:
    """What one bench found. `rounds` are of each contender, in the order in which they ran; `said` are sentences that belong beside the figures."""

    name: str
    question: str
    goals: Sequence[Goal] = ()
    rounds: dict[str, list[Round]] = field(default_factory=dict)
    said: list[str] = field(default_factory=list)

    def add(self, contender: str, figures: Round) -> None:
        self.rounds.setdefault(contender, []).append(figures)

    def judgements(self) -> list[Judgement]:
        return [it for goal in self.goals if (it := goal.judged(self.rounds))]

    def table(self) -> str:
        """Markdown: a line a contender, each figure as its middle and its spread; then what was wanted."""
        columns = list(dict.fromkeys(column for rounds in self.rounds.values() for it in rounds for column in it))
        lines = [f"## {self.name}: {self.question}", "", *rows(["", *columns], self.cells(columns))]
        if judged := self.judgements():
            facts = ([name(it.goal), f"{it.middle:.3g} ({it.lowest:.3g}-{it.highest:.3g})", str(it.goal), verdict(it)] for it in judged)
            lines += ["", *rows(["compared", "middle (spread)", "wanted", ""], facts)]
        return "\n".join([*lines, *(f"\n{sentence}" for sentence in self.said), ""])

    def cells(self, columns: Sequence[str]) -> Iterable[list[str]]:
        for contender, rounds in self.rounds.items():
            yield [f"{contender} ({len(rounds)})", *(spread([it[column] for it in rounds if column in it]) for column in columns)]

    def facts(self) -> dict[str, Any]:
        """For JSON."""
        judged = [asdict(it) for it in self.judgements()]
        return {"name": self.name, "question": self.question, "rounds": self.rounds, "compared": judged, "said": self.said}


def name(goal: Goal) -> str:
    return f"{goal.column}: {goal.of}{f' / {goal.beside}' if goal.beside else ''}"


def verdict(judgement: Judgement) -> str:
    goal = judgement.goal
    return "" if goal.least is None and goal.most is None else "met" if judgement.met else "**missed**"


def rows(head: Sequence[str], cells: Iterable[Sequence[str]]) -> list[str]:
    return [f"| {' | '.join(it)} |" for it in (head, ["---"] * len(head), *cells)]


def spread(values: Sequence[float]) -> str:
    """The middle, and how far the rounds lie apart."""
    if not values:
        return "–"
    middle = shown(median(values))
    return middle if len(values) == 1 else f"{middle} ({shown(min(values))}–{shown(max(values))})"


def shown(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"


def machine() -> str:
    """What it ran on: a figure without it says nothing."""
    facts = Path("/proc/cpuinfo").read_text() if Path("/proc/cpuinfo").exists() else ""
    model = next((line.split(":")[1].strip() for line in facts.splitlines() if line.startswith("model name")), platform.processor())
    memory = psutil.virtual_memory().total / 2**30
    return (
        f"{os.cpu_count()} CPUs ({model}), {memory:.0f} GiB, {platform.system()} {platform.release()}, Python {platform.python_version()}"
    )
