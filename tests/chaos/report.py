"""What a run showed, as a table for people and as JSON for whoever compares runs."""

import os
import platform
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import psutil

from tests.chaos import older
from tests.chaos.controls import CONTROLS, Seen
from tests.chaos.run import Outcome

FIRST = 20  # lines of what is wrong


@dataclass
class Report:
    """`controls`: by what was changed."""

    seed: int
    minutes: float
    asked_events: int
    asked_faults: int
    outcome: Outcome
    took: float
    controls: Mapping[str, Seen] = field(default_factory=dict)

    @property
    def events(self) -> int:
        return sum(count for kind, count in self.outcome.sent.items() if kind not in ("repeats", "unreadable"))

    @property
    def wrong(self) -> list[str]:
        found = list(self.outcome.everything_wrong)
        if self.events < self.asked_events:
            found.append(f"only {self.events} of {self.asked_events} events were sent")
        if len(self.outcome.faults) + self.outcome.not_here.total() < self.asked_faults:
            found.append(f"only {len(self.outcome.faults)} of {self.asked_faults} faults were done")
        for control in CONTROLS:
            if (seen := self.controls.get(control.change)) and not seen.is_caught_by(control):
                found.append(f"the control {control.change} showed {seen}")
        return found

    def rows(self) -> list[tuple[str, str]]:
        it = self.outcome
        silenced = f"{it.silence.seconds:.1f} s, around: {'; '.join(it.silenced_by) or 'no fault'}"
        return [
            ("seed", str(self.seed)),
            ("events sent", f"{self.events}: {told(it.sent)}"),
            ("handled", f"{it.handled} effects, each once; the topic repeated {it.repeats} of them, which readers drop by their id"),
            ("lost", str(len(it.lost))),
            ("doubled", str(it.doubled)),
            ("reordered per key", str(it.reordered)),
            ("parked", f"{it.parked.found} of {it.parked.expected} that can't be read"),
            ("notices", f"{it.notices.sent} sent, {it.notices.failed} failed, {it.notices.silent} of these mailed less than twice"),
            ("complaints", f"{it.complaints.total()}: {told(it.complaints)}"),
            ("longest silence", silenced),
            ("drained", f"{it.drained:.1f} s after the load ended"),
            ("faults", f"{len(it.faults)}: {told(Counter(fault.kind for _, _, fault in it.faults))}"),
            *[("NOT DONE HERE", f"{count} x {what}") for what, count in it.not_here.items()],
            ("older version", (older.ancestor() or ("", "none"))[1]),
            *[
                (f"control {name}", f"lost {seen.lost}, doubled {seen.doubled}, reordered {seen.reordered}")
                for name, seen in self.controls.items()
            ],
            ("machine", machine()),
            ("took", f"{self.took:.0f} s"),
        ]

    def text(self) -> str:
        lines = [f"{name:<24} {said}" for name, said in self.rows()]
        wrong = self.wrong
        more = [f"and {len(wrong) - FIRST} more"] if len(wrong) > FIRST else []
        return "\n".join([*lines, *[f"WRONG  {line}" for line in wrong[:FIRST]], *more, "WRONG" if wrong else "nothing is wrong"])

    def facts(self) -> dict[str, Any]:
        it = self.outcome
        return {
            "seed": self.seed, "minutes": self.minutes, "took": round(self.took, 1), "machine": machine(), "sent": dict(it.sent), "handled": it.handled,
            "lost": len(it.lost), "doubled": it.doubled, "reordered": it.reordered, "repeats": it.repeats,
            "parked": {"expected": it.parked.expected, "found": it.parked.found},
            "notices": {"sent": it.notices.sent, "failed": it.notices.failed, "mailed_less_than_twice": it.notices.silent},
            "complaints": dict(it.complaints), "longest_silence": round(it.silence.seconds, 1), "silenced_by": it.silenced_by, "drained": round(it.drained, 1),
            "faults": [[fault.at, fault.kind, fault.victim, fault.lasts, fault.how] for _, _, fault in it.faults], "not_done_here": dict(it.not_here),
            "controls": {name: vars(seen) for name, seen in self.controls.items()}, "wrong": self.wrong,
        }  # fmt: skip


def told(counted: Mapping[str, int]) -> str:
    return ", ".join(f"{count} {name}" for name, count in sorted(counted.items(), key=lambda it: -it[1]))


def machine() -> str:
    memory = psutil.virtual_memory().total / 1024**3
    return f"{os.cpu_count()} CPUs, {memory:.0f} GiB, {platform.system()} {platform.release()}, Python {platform.python_version()}"
