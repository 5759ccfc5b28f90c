"""What a run has to say: a line for each address, what was wrong, and the same as JSON for whoever compares runs."""

import json
from collections.abc import Iterator, Sequence
from pathlib import Path

from tests.doors.run import UNFIT, Run

KEPT = "doors.json"


def report(found: Run) -> Iterator[str]:
    yield f"\n{found.service}: {found.count} cases, {found.count / sum(found.seconds.values()):.0f} a second"
    yield f"{'':66}   2xx  409/412/422"
    for address, counted in sorted(found.answers.items(), key=lambda it: it[0].partition(" ")[2]):
        told = ", ".join(f"{n} × {status}" for status, n in sorted(counted.items()))
        yield f"{address:66} {found.share(address):>5.0%} {found.share(address, *UNFIT):>8.0%}     {told}"
    yield f"kinds: {', '.join(f'{n} {kind}' for kind, n in found.kinds.most_common())}"
    yield f"seconds: {', '.join(f'{it:.1f} {what}' for what, it in found.seconds.items())}"
    yield from (f"WRONG {it}" for it in found.wrong)


def keep(runs: Sequence[Run], seed: int, folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    told = {
        "seed": seed,
        "services": {
            it.service: {
                "cases": it.count,
                "seconds": it.seconds,
                "wrong": it.wrong,
                "answers": {at: dict(counted) for at, counted in it.answers.items()},
            }
            for it in runs
        },
    }
    (folder / KEPT).write_text(json.dumps(told, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    return folder / KEPT
