"""The `careloop` command in this process: a second sooner than in one of its own, with the same words on the same streams."""

import asyncio
import io
import os
import sys
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from unittest.mock import patch

from deploy.command.__main__ import main


@dataclass(frozen=True)
class Told:
    returncode: object
    stdout: str
    stderr: str


async def careloop_here(*words: str, **environment: str) -> Told:
    return await asyncio.to_thread(run, words, environment)  # it has an event loop of its own


def run(words: tuple[str, ...], environment: dict[str, str]) -> Told:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("CARELOOP_")}
    out, err, code = io.StringIO(), io.StringIO(), None
    with (
        patch.dict(os.environ, kept | environment, clear=True),
        patch.object(sys, "argv", ["careloop", *words]),
        redirect_stdout(out),
        redirect_stderr(err),
    ):
        try:
            main()
        except SystemExit as end:
            code = end.code
    return Told(code, out.getvalue(), err.getvalue())
