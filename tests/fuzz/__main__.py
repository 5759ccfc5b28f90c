"""make fuzz: `python -m tests.fuzz [--count N] [--seed N] [--only N]`."""

import argparse
import asyncio
from time import monotonic, time

from tests.fuzz.report import report
from tests.fuzz.run import run
from tests.fuzz.stream import made, sound, stream


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="python -m tests.fuzz", description="Publishes records that are wrong in every way and looks what becomes of each."
    )
    parser.add_argument("--count", type=int, default=20_000, help="how many records are changed")
    parser.add_argument("--seed", type=int, default=int(time()), help="the same seed makes the same records")
    parser.add_argument("--only", type=int, help="this record alone, as the seed makes it")
    told = parser.parse_args()
    if told.count < 1 or (told.only is not None and told.only < 0):
        parser.error("--count is 1 or more, --only a number of the run's records")
    began = monotonic()
    print(f"seed {told.seed}", flush=True)
    alone = told.only is not None
    sent = [*made(told.seed, told.only), sound(told.seed, 0, "order.shipped.v1", 0)] if alone else list(stream(told.seed, told.count))
    print(f"{len(sent)} records are made after {monotonic() - began:.0f} s", flush=True)
    found = asyncio.run(run(sent, patience=60 + told.count / 50, say=lambda it: print(it, flush=True)))
    if alone:
        for it in sent:
            print(it)
    print("\n".join(report(found, told.seed)))
    return 1 if found.verdict.wrong else 0


if __name__ == "__main__":
    raise SystemExit(main())
