"""The `careloop` command as a person runs it."""

import os
import subprocess
import sys
from pathlib import Path


def careloop(*words: str, stdin: str = "", cwd: Path | None = None, **environment: str) -> subprocess.CompletedProcess[str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("CARELOOP_")}
    return subprocess.run(
        [sys.executable, "-m", "deploy.command", *words],
        check=False,
        input=stdin,
        cwd=cwd,
        env=kept | environment,
        text=True,
        capture_output=True,
        timeout=60,
    )
