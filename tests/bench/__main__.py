"""`make bench`: Careloop beside the usual way and beside the bare minimum, in one run, as tables and as JSON.

python -m tests.bench [NAME ...] [--rounds 5] [--json FILE]
"""

import argparse
import asyncio
import logging
import sys
import tempfile
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from time import monotonic

import orjson

from tests.bench import clocks, deadlines, history, imports, intake, latency, memory, path, registers, relay, start, takeover, workers
from tests.bench.figures import Result, machine
from tests.bench.stage import Stage

BENCHES: dict[str, Callable[[Stage, int], Awaitable[Result]]] = {
    "path": path.run,
    "latency": latency.run,
    "workers": workers.run,
    "memory": memory.run,
    "takeover": takeover.run,
    "intake": intake.run,
    "history": history.run,
    "clocks": clocks.run,
    "imports": imports.run,
    "start": start.run,
    "deadlines": deadlines.run,
    "registers": registers.run,
    "relay": relay.run,
}

PARTS = {f"imports-{kind}": partial(imports.run, kinds=[kind], beside=False) for kind in imports.HEADINGS}  # asked for by name only


async def bench(names: list[str], rounds: int, file: Path) -> int:
    """The number of goals that were missed."""
    began = datetime.now(UTC)
    print(f"{began:%Y-%m-%d %H:%M} UTC, {machine()}\n", flush=True)
    found = []
    with tempfile.TemporaryDirectory(prefix="careloop bench ", ignore_cleanup_errors=True) as folder:
        Path(folder).chmod(0o711)
        stage = Stage(Path(folder))
        try:
            await stage.prepare()
            print("warming the broker up with half a million messages\n", flush=True)
            await stage.warm()
            for name in names:
                started = monotonic()
                result = await (BENCHES | PARTS)[name](stage, rounds)
                result.said.append(f"{monotonic() - started:.0f} s.")
                print(result.table(), flush=True)
                found.append(result)
        finally:
            stage.close()
    facts = {"at": began.isoformat(), "machine": machine(), "benches": [it.facts() for it in found]}
    file.write_bytes(orjson.dumps(facts, option=orjson.OPT_INDENT_2))
    print(f"The same as JSON: {file}")
    return sum(not it.met for result in found for it in result.judgements())


def main() -> None:
    parser = argparse.ArgumentParser(prog="make bench", description="Careloop beside the usual way and beside the bare minimum.")
    parser.add_argument(
        "names", nargs="*", metavar="NAME", help=f"of {', '.join(BENCHES)}; all of them if none is given; also {', '.join(PARTS)}"
    )
    parser.add_argument("--rounds", type=int, default=5, help="of each contender, in turn")
    parser.add_argument("--json", type=Path, default=Path(".run/bench.json"), help="where the figures go")
    told = parser.parse_args()
    if unknown := [name for name in told.names if name not in BENCHES | PARTS]:
        parser.error(f"there is no bench {unknown[0]}: choose of {', '.join(BENCHES)}")
    if told.rounds < 1:
        parser.error("there is no bench in less than one round: --rounds 1 or more")
    try:
        told.json.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        parser.error(f"{told.json} can't be written ({error.strerror}): name another file with --json")
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)
    if missed := asyncio.run(bench(told.names or list(BENCHES), told.rounds, told.json)):
        print(f"{missed} of what was wanted was missed; tests/bench/README.md says why.")
        sys.exit(1)


if __name__ == "__main__":
    main()
