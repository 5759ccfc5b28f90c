"""Work that would keep the event loop: done in a process of its own, so that probes and everybody else are answered meanwhile.

The processes are forked from a server that has the service's code at hand already, so one begins within milliseconds; the server itself starts with
the first of them. A process that is not wanted any more is killed, and one whose parent is gone ends at its next word.
"""

import asyncio
import contextlib
import inspect
import multiprocessing
import os
import pickle
import signal
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from multiprocessing.connection import Connection
from typing import Any

CONTEXT = multiprocessing.get_context("forkserver")
NICE = 5  # those who wait for an answer come first
SAID, RAISED, DONE = b"s", b"r", b"."
AT_HAND = {"__main__"}  # modules that the server has read


class Died(Exception):
    """The process ended before its work did."""


Send = Callable[[bytes], None]


def at_hand(*modules: str) -> None:
    """Have these read before the first process begins: `services.complaints.app`."""
    AT_HAND.update(modules)


@asynccontextmanager
async def apart(work: Callable[..., Any], *told: Any) -> AsyncGenerator[AsyncGenerator[bytes]]:
    """What `work(send, *told)` sends, piece by piece; what it raises is raised here. `work` is a function of a module, plain or `async`.

    Leaving the block ends the process. Whoever reads slowly makes it wait, so neither side piles anything up."""
    reader, writer = CONTEXT.Pipe(duplex=False)
    try:
        process = CONTEXT.Process(target=run, args=(writer, work, told), daemon=True)
        CONTEXT.set_forkserver_preload(sorted(AT_HAND))
        starting = asyncio.ensure_future(asyncio.to_thread(process.start))  # the first waits for the server
        try:
            await asyncio.shield(starting)
            writer.close()
            pieces = heard(reader)
            try:
                yield pieces
            finally:
                await pieces.aclose()
        finally:
            await asyncio.wait([starting])  # a thread can't be called off, and it hands the pipe over
            if process.pid is not None:
                process.kill()
                await asyncio.to_thread(process.join)
            process.close()
    finally:
        writer.close()
        reader.close()


async def result(work: Callable[..., Any], *told: Any) -> bytes:
    """All that it sends, at once."""
    async with apart(work, *told) as pieces:
        return b"".join([piece async for piece in pieces])


async def heard(reader: Connection) -> AsyncGenerator[bytes]:
    """Messages as `multiprocessing` frames them, read without a thread."""
    stream = asyncio.StreamReader(limit=2**20)
    transport, _ = await asyncio.get_running_loop().connect_read_pipe(
        lambda: asyncio.StreamReaderProtocol(stream), os.fdopen(os.dup(reader.fileno()), "rb", buffering=0)
    )
    try:
        while True:
            length = int.from_bytes(await stream.readexactly(4), "big", signed=True)
            message = await stream.readexactly(length)
            match message[:1]:
                case b"s":
                    yield message[1:]
                case b"r":
                    raise pickle.loads(message[1:])  # noqa: S301  our own process said it
                case _:
                    return
    except asyncio.IncompleteReadError:
        raise Died("a process of ours ended in the middle of its work") from None
    finally:
        transport.close()


def run(writer: Connection, work: Callable[..., Any], told: tuple[Any, ...]) -> None:
    """In the other process."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the parent's to answer
    os.nice(NICE)
    with contextlib.suppress(BrokenPipeError):  # nobody listens any more
        try:
            done = work(lambda piece: writer.send_bytes(SAID + piece), *told)
            if inspect.iscoroutine(done):
                asyncio.run(done)
            writer.send_bytes(DONE)
        except Exception as error:  # noqa: BLE001  it is raised where it was asked for
            writer.send_bytes(RAISED + pickled(error))


def pickled(error: Exception) -> bytes:
    """As it is if that can be said, otherwise its name: a driver's errors hold connections."""
    try:
        told = pickle.dumps(error)
        pickle.loads(told)  # noqa: S301  can the other side read it?
    except Exception:  # noqa: BLE001  anything may refuse to be pickled
        return pickle.dumps(Died(f"{type(error).__module__}.{type(error).__name__}"))
    return told
