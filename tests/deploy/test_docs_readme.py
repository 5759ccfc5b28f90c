"""The README's five things are pasted into a shell beside a system that runs, and show what they promise."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from deploy.local import ports
from tests.terminal import Terminal, a_system

ROOT = Path(__file__).parents[2]
BLOCKS = re.findall(r"^```sh\n(.*?)^```", (ROOT / "README.md").read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE)
USUAL = {18001: "customers", 18002: "complaints", 18003: "followup", 18025: "mailbox"}
CURL = """
import argparse, urllib.request
words = argparse.ArgumentParser()
for option, more in (("-s", {"action": "store_true"}), ("-X", {}), ("-H", {"action": "append", "default": []}), ("-d", {}), ("url", {})):
    words.add_argument(option, **more)
told = words.parse_args()
request = urllib.request.Request(told.url, told.d.encode() if told.d else None, dict(it.split(": ", 1) for it in told.H), method=told.X)
print(urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request).read().decode(), end="")
"""


@pytest.fixture
def terminal(tmp_path: Path) -> Iterator[Terminal]:
    with a_system() as terminal:
        terminal.env["PATH"] = f"{tmp_path}:{os.environ['PATH']}"
        (tmp_path / "curl").write_text(f"#!/bin/sh\nexec '{sys.executable}' '{tmp_path}/curl.py' \"$@\"\n")  # not every machine has one
        (tmp_path / "curl").chmod(0o755)
        (tmp_path / "curl.py").write_text(CURL)
        yield terminal


def here(terminal: Terminal, block: str) -> str:
    """As a reader in another folder would write it, whose usual ports are taken. What is killed by name might be somebody else's."""
    for port, name in USUAL.items():
        block = block.replace(f"http://127.0.0.1:{port}", terminal.addresses[name])
    block = block.replace("$PWD/.venv/bin", str(Path(sys.executable).parent)).replace(".run/config", f'"{terminal.run}"/config')
    block = block.replace("/tmp/warehouse.json", f'"{terminal.run}"/warehouse.json')
    return "".join(line for line in block.splitlines(keepends=True) if not line.startswith("kill "))


def test_the_ports_of_the_text_are_the_usual_ones() -> None:
    assert {name: port for port, name in USUAL.items()}.items() <= ports.USUAL.items()


def test_five_things(terminal: Terminal) -> None:
    assert len(BLOCKS) == 5
    whole = "\n".join(f"{here(terminal, block)}\necho; echo NEXT" for block in BLOCKS)
    pasted = subprocess.run(["sh", "-e"], input=whole, capture_output=True, text=True, check=False, env=terminal.env, cwd=ROOT, timeout=120)
    assert (pasted.returncode, pasted.stderr) == (0, ""), pasted.stdout
    published, looped, told, mended, played, _ = pasted.stdout.split("NEXT")
    assert "PO-2001" in published.splitlines()[-2]
    judged, resolved, answered, again = (json.loads(line) for line in looped.splitlines() if line.startswith("{"))
    assert [it["state"] for it in (judged, resolved, answered, again)] == ["judged", "resolved", "done", "investigating"]
    assert again["round"] == 2 and "It is bent again." in str(again["notes"])
    assert '"state":"awaiting_contact","reason":"no contact yet"' in told and '"claimed":true' in told and '"state":"sent"' in told
    assert mended.count("unknown_source") == 2 and "resent" in mended
    assert "200 orders of 190 customers" in played and "followup is 0 behind." in played and "Nothing is parked." in played
