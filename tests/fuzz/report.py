"""Tells a person what a run found: kinds, reasons, how long it took, what is wrong and how to see one record again."""

from collections import Counter
from collections.abc import Iterator

from tests.fuzz.run import Run

SHOWN = 20
COLUMNS = ("handled", "parked", "repeat", "lost")


def report(run: Run, seed: int) -> Iterator[str]:
    verdict, totals = run.verdict, Counter[str]()
    yield f"{'KIND':32}" + "".join(f"{it:>9}" for it in COLUMNS)
    for kind, became in sorted(verdict.by_kind.items()):
        totals += became
        yield f"{kind:32}" + "".join(f"{became[it]:>9}" for it in COLUMNS)
    yield f"{'all':32}" + "".join(f"{totals[it]:>9}" for it in COLUMNS)
    yield ""
    yield "parked because of: " + ", ".join(f"{code} {count}" for code, count in verdict.codes.most_common())
    slowest = sorted(run.drained.items(), key=lambda it: -it[1])[:3]
    yield "slowest after the last record: " + (", ".join(f"{what} {seconds:.1f} s" for what, seconds in slowest) or "nothing")
    yield "seconds: " + ", ".join(f"{what} {seconds:.0f}" for what, seconds in run.seconds.items())
    yield f"messages sent to customers: {run.messages}"
    changed = sum(not it.sound for it in run.sent)
    yield f"seed {seed}: {changed} changed records and {len(run.sent) - changed} sound ones between them"
    for it, what in verdict.wrong[:SHOWN]:
        yield f"WRONG {str(it)[:400] + ' ' if it else ''}{what}"
        if it and not it.sound:
            yield f"      python -m tests.fuzz events --seed {seed} --only {it.name.rstrip('bcd')}"
    yield f"{len(verdict.wrong)} are wrong" if verdict.wrong else "all are handled, repeats, or parked with a reason that names the field"
