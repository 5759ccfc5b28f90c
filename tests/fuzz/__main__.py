"""make fuzz: `python -m tests.fuzz [events | doors] …`; without a word both: bad events, then requests that nobody would think of."""

import argparse
import asyncio
from time import monotonic, time

import tests.doors.__main__ as doors
from tests.fuzz.report import report
from tests.fuzz.run import run
from tests.fuzz.stream import made, sound, stream


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="python -m tests.fuzz", description="Publishes and asks what is wrong in every way, and looks what comes of it."
    )
    commands = parser.add_subparsers(dest="what")
    records = commands.add_parser("events", help="records that are wrong in every way, on Kafka")
    records.add_argument("--count", type=int, default=20_000, help="how many records are changed")
    records.add_argument("--seed", type=int, default=int(time()), help="the same seed makes the same records")
    records.add_argument("--only", type=int, help="this record alone, as the seed makes it")
    doors.arguments(commands.add_parser("doors", help="requests that nobody would think of, over HTTP"))
    told = parser.parse_args()
    if told.what is None:
        return max(publish(records.parse_args([]), parser), doors.main(parser.parse_args(["doors"])))
    return doors.main(told) if told.what == "doors" else publish(told, parser)


def publish(told: argparse.Namespace, parser: argparse.ArgumentParser) -> int:
    """Bad events."""
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
