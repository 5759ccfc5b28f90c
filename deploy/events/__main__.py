"""`python -m deploy.events` writes `docs/events` anew (`make schemas`); with `check` it only says whether that is needed (`make check`).

A change that breaks a promise is not written. Where nobody was ever told of a shape, its file may be removed first.
"""

import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from deploy.events.compatible import breaks
from deploy.events.documents import FOLDER, by_event, committed, documents, write
from shared.schemas import Schema


def main(words: Sequence[str], folder: Path, told: Mapping[str, Schema]) -> list[str]:
    """What is wrong, a sentence each."""
    before = committed(folder)
    if broken := breaks(by_event(before), by_event(told)):
        return broken
    if words == ["check"]:
        return [] if before == told else ["docs/events is not what the contracts, topics and listeners say: run `make schemas`."]
    write(folder, told)
    return []


if __name__ == "__main__":
    wrong = main(sys.argv[1:], FOLDER, documents())
    sys.stderr.write("".join(f"{it}\n" for it in wrong))
    sys.exit(bool(wrong))
