"""When is it ready? When every process says so and whoever should have heard of a sample event has."""

import asyncio
import json
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from deploy.local import samples
from deploy.local.leash import CannotStart
from deploy.local.system import System
from shared.clock import now

PATIENCE = 150.0
LOOK = 0.2


async def everything_answers(system: System) -> None:
    """Every process is ready, by its own word."""
    waiting = {str(name): f"{address}/readyz" for name, address in dict(system.addresses["ops"]).items()}  # type: ignore[call-overload]
    limit = time.monotonic() + PATIENCE
    while waiting:
        answers = await asyncio.gather(*(asyncio.to_thread(fetch, address) for address in waiting.values()))
        waiting = {name: address for (name, address), answer in zip(waiting.items(), answers, strict=True) if answer is None}
        if time.monotonic() > limit:
            raise CannotStart(f"{', '.join(waiting)} did not get ready within {PATIENCE:.0f} s: {system.run / 'logs'} says why.")
        if waiting:
            await asyncio.sleep(LOOK)


async def first_messages(system: System) -> None:
    """Plays the sample events and waits until each reader of e-mail has heard; the others' messages may have to wait for the morning."""
    from deploy.feed.cloudevents import judge, split
    from deploy.feed.publisher import Publisher

    at = now()
    messages = [judge(where, event, at).message for where, event in split(samples.filled(at).encode())]
    readers = samples.readers()
    with bar("sample events", len(messages) + len(readers)) as done:
        async with Publisher(system.kafka, {message.topic for message in messages}) as publisher:
            for message in messages:
                await publisher.send(message)
                await publisher.flush()
                done(1)
        limit = time.monotonic() + PATIENCE
        while readers:
            heard = await asyncio.to_thread(fetch, f"{system.url('mailbox')}/messages.json") or {"items": []}
            here = readers & {str(message["to"]) for message in heard["items"]}
            readers -= here
            done(len(here))
            if time.monotonic() > limit:
                raise CannotStart(
                    f"{len(readers)} of the sample messages did not arrive within {PATIENCE:.0f} s: {system.run / 'logs'} says why."
                )
            if readers:
                await asyncio.sleep(LOOK)


def fetch(url: str) -> Any:
    """The JSON that is there, None while there is none."""
    try:
        with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(url, timeout=5) as answer:
            return json.load(answer)
    except (OSError, ValueError):
        return None


@contextmanager
def bar(what: str, total: int) -> Iterator[Callable[[int], None]]:
    """A progress bar on a terminal, nothing elsewhere."""
    if not sys.stdout.isatty():
        yield lambda steps: None
        return
    from rich.progress import Progress

    with Progress(transient=True) as progress:
        task = progress.add_task(what, total=total)
        yield lambda steps: progress.advance(task, steps)
