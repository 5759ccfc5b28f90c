"""Yesterday's version, to run beside today's: the newest ancestor in git whose code differs and whose migrations do not."""

import subprocess
from functools import cache
from pathlib import Path

from tests.chaos.processes import ROOT

CODE = "services", "shared", "deploy"
SCHEMA = ":(glob)services/*/migrations/**", "shared/migrations"
OURS = (
    "tests/__init__.py",
    "tests/chaos/__init__.py",
    "tests/chaos/worker.py",
    "tests/chaos/reaction.py",
)  # what the test adds to a worker is today's
AS_FAR_AS = 200  # commits


@cache
def ancestor() -> tuple[str, str] | None:
    """Its commit and what it says of itself; None where there is no history."""
    for line in git("log", f"--max-count={AS_FAR_AS}", "--skip=1", "--format=%H %s").splitlines():
        commit, _, said = line.partition(" ")
        if is_like_today(commit, *SCHEMA) and not is_like_today(commit, *CODE):
            return commit, f"{commit[:8]} {said}"
    return None


def export(folder: Path) -> Path:
    """Its code in a tree of its own, with today's test around it."""
    found = ancestor()
    assert found, "there is no older version"
    tree = folder / "older"
    if not tree.exists():
        tree.mkdir()
        packed = subprocess.run(["git", "archive", found[0], *CODE], cwd=ROOT, capture_output=True, check=True).stdout
        subprocess.run(["tar", "-x", "-C", str(tree)], input=packed, check=True)
        for name in OURS:
            (tree / name).parent.mkdir(parents=True, exist_ok=True)
            (tree / name).write_bytes((ROOT / name).read_bytes())
    return tree


def is_like_today(commit: str, *paths: str) -> bool:
    return subprocess.run(["git", "diff", "--quiet", commit, "--", *paths], cwd=ROOT, capture_output=True, check=False).returncode == 0


def git(*words: str) -> str:
    try:
        return subprocess.run(["git", *words], cwd=ROOT, capture_output=True, text=True, check=False).stdout
    except FileNotFoundError:
        return ""
