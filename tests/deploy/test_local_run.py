"""A stranger's first quarter of an hour: start, paste, break, stop, start again."""

import json
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from types import SimpleNamespace

import httpx
import psutil
import pytest

from deploy.local import samples
from deploy.local.jars import Jar, jars
from deploy.local.leash import CannotStart
from deploy.profiles import everything
from tests.terminal import COMMAND, CONFIG, Terminal, a_run_folder

SERVICES = {"customers", "complaints", "followup", "reception"}


@pytest.fixture
def run() -> Iterator[Path]:
    with a_run_folder() as run:
        yield run


def test_a_strangers_walk(run: Path) -> None:
    terminal = Terminal(run)
    terminal.until("ready", 180)
    addresses = terminal.addresses
    assert (run / "addresses.json").stat().st_mode & 0o777 == 0o600
    assert set(addresses) == SERVICES | {"ops", "kafka", "postgres", "mailbox", "issuer"}
    assert set(addresses["ops"]) == {f"{name}-{role}" for name in SERVICES for role in ("api", "worker")}
    assert {message["to"] for message in terminal.messages()} >= samples.readers()
    assert "Mailbox" in httpx.get(addresses["mailbox"], trust_env=False).text

    second = subprocess.run(COMMAND, capture_output=True, text=True, check=False, env=terminal.env)
    assert second.returncode == 1 and addresses["mailbox"] in second.stderr and second.stderr.count("\n") == 1

    whole = "".join(terminal.lines)
    block = whole[whole.index("export TOKEN") : whole.index("ready")]
    pasted = subprocess.run(["sh", "-e"], input=block, capture_output=True, text=True, check=False, env=terminal.env)
    assert pasted.returncode == 0, pasted.stderr
    assert '"sent"' in pasted.stdout and "chen.jing@example.com" in pasted.stdout
    complaint = json.loads(pasted.stdout.strip().splitlines()[-1])
    assert (complaint["state"], complaint["round"]) == ("investigating", 2)
    story = httpx.get(f"{addresses['mailbox']}/stories/{complaint['correlation']}", trust_env=False).text
    told = [
        story.index(f"<b>{it}</b>")
        for it in ("complaint.received", "complaint.resolved", "call.planned", "satisfaction.reported", "complaint.reopened")
    ]
    assert told == sorted(told) and complaint["number"] in story
    assert complaint["number"] in httpx.get(f"{addresses['mailbox']}/stories", trust_env=False).text

    worker = next(process for process in terminal.family() if process.cmdline()[-2:] == ["worker", "followup"])
    worker.kill()
    assert "by SIGKILL" in terminal.until("followup-worker ended", 10)
    _ready(addresses["ops"]["followup-worker"])

    family = terminal.family()
    terminal.process.send_signal(signal.SIGINT)
    assert terminal.process.wait(60) == 0
    assert len(family) > 10 and not psutil.wait_procs(family, timeout=5)[1]
    assert not (run / "addresses.json").exists()

    again = Terminal(run)
    told = len(samples.readers())
    started = time.monotonic()
    again.until("ready", 60)
    assert time.monotonic() - started < 30
    assert again.addresses["mailbox"] == addresses["mailbox"] and len(again.messages()) >= told
    assert len({message["key"] for message in again.messages()}) == len(again.messages()), "nothing was sent twice"

    family = again.family()
    again.process.kill()
    again.process.wait()
    assert len(family) > 10 and not psutil.wait_procs(family, timeout=10)[1]


def _ready(address: str) -> None:
    limit = time.monotonic() + 30
    while time.monotonic() < limit:
        try:
            if httpx.get(f"{address}/readyz", trust_env=False).status_code == 200:
                return
        except httpx.TransportError:
            pass
        time.sleep(0.1)
    raise AssertionError(f"{address} did not get ready again")


def test_a_mistake_in_the_configuration_is_told_before_anything_is_started(run: Path) -> None:
    shutil.copytree(CONFIG, config := run / "config")
    (config / "profiles").mkdir()
    (config / "profiles/ninth.toml").write_text(
        'version = 1\nby = "s-1"\nwhy = "."\nextends = "steel"\n[complaints]\nmajor_from_round = "2"\n'
    )
    (config / "calendars.toml").write_text("calendars = 1\n")
    (config / "holidays").mkdir()
    (config / "holidays/2027.toml").write_text(
        'country = "CN"\nyear = 2027\noff = [{ since = 2027-01-01, until = 2027-01-03, name = "y" }]\n'
    )
    (config / "sources.toml").write_text('[sources."/erp"]\ntopics = ["orders"]\n')
    (config / "units.toml").write_text('default = "a"\n[units.a]\nprofile = "nineth"\n')
    told = subprocess.run(COMMAND, capture_output=True, text=True, check=False, env=os.environ | {"CARELOOP_RUN": str(run)}, timeout=60)
    assert (told.stdout.splitlines(), told.stderr, told.returncode) == (
        [
            f"{config} can't be used, so nothing was started:",
            "sources.toml: sources./erp.topics: not inbound topics: orders.",
            'units.toml: units.a.profile is "nineth": there is no such profile; did you mean "ninth"?',
            "calendars.toml: calendars is 1: a table belongs here.",
            "holidays/2027.toml: source is missing: where it was announced, in quotes, belongs here.",
            'profiles/ninth.toml: complaints.major_from_round is "2": a whole number belongs here.',
            "Mend it and start again.",
        ],
        "",
        1,
    )
    assert not [name for name in ("postgres", "kafka", "mailbox", "addresses.json") if (run / name).exists()]


def test_units_and_sources_have_to_be_there(tmp_path: Path) -> None:
    (config := tmp_path / "config").mkdir()
    told = [str(it) for it in everything(config)]
    assert told == [f"{name}.toml: it can't be read: No such file or directory." for name in ("units", "sources")]
    for file in CONFIG.iterdir():
        shutil.copy(file, config)
    assert everything(config) == []


@pytest.mark.parametrize("step", ["exists", "mkdir"])  # a folder that can't be entered, and one that can't be written to
def test_where_jars_can_not_be_kept_one_sentence_says_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: str) -> None:
    jar = Jar("org.example:thing:1.0", sha256(b"a jar").hexdigest())
    (lock := tmp_path / "lock").write_text(f"{jar.sha256}  {jar.coordinate}\n")
    monkeypatch.setattr("requests.Session.get", lambda *_, **__: SimpleNamespace(content=b"a jar", raise_for_status=lambda: None))

    def closed(path: Path, **_: object) -> None:
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(Path, step, closed)
    with pytest.raises(CannotStart) as refused:
        jars(folder := tmp_path / "cache", lock)
    where = folder / jar.path if step == "exists" else (folder / jar.path).parent
    assert str(refused.value) == (
        f"Apache Kafka can't be kept at {where} (Permission denied): let this account write there, or name another folder, "
        "as in XDG_CACHE_HOME=/var/tmp/cache."
    )
