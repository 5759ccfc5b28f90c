"""A fence that nobody has seen bite is decoration: each is planted with a violation, and import-linter or ruff has to say so."""

import json
import os
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
BIN = Path(sys.executable).parent

IMPORTS = {  # fence: the file in which a line is planted, the line, what is said about it
    "Services are strangers: they meet on Kafka": (
        "services/followup/domain/news.py",
        "import services.customers.domain.order",
        "services.followup.domain.news -> services.customers.domain.order",
    ),
    "The plumbing knows no service": (
        "shared/jobs.py",
        "import services.followup.domain.policy",
        "shared.jobs -> services.followup.domain.policy",
    ),
    "Nobody needs deploy": (
        "services/customers/jobs/__init__.py",
        "import deploy.places",
        "services.customers.jobs -> deploy.places",
    ),
    "Deploy knows services by their names only": (
        "deploy/since.py",
        "import services.followup.app",
        "deploy.since -> services.followup.app",
    ),
    "Inside a service downwards only, settings in app alone, and no other rooms": (
        "services/followup/gateways/mail.py",
        "import services.followup.settings",
        "services.followup.gateways.mail -> services.followup.settings",
    ),
    "Contracts are words: Pydantic, ids, nothing else": (
        "shared/contracts/orders.py",
        "import shared.clock",
        "shared.contracts.orders may not import shared.clock",
    ),
    "Rules know facts: no session, no clock, no edge": (
        "services/followup/domain/notice.py",
        "import shared.clock",
        "services.followup.domain.notice may not import shared.clock",
    ),
    "Listeners are reactions over rules": (
        "services/followup/listeners/orders.py",
        "import services.followup.store.notices",
        "services.followup.listeners.orders may not import services.followup.store.notices",
    ),
    "What others publish is read in listeners alone": (
        "services/followup/actions/telling.py",
        "import shared.contracts.orders",
        "services.followup.actions.telling may not import shared.contracts.orders",
    ),
    "FastAPI stays in api": (
        "services/followup/store/notices.py",
        "import fastapi",
        "services.followup.store.notices -> fastapi",
    ),
    "The delivery runs without FastStream": (
        "shared/delivery.py",
        "import shared.shell",
        "shared.delivery -> shared.shell",
    ),
    "FastStream is the shell's": (
        "shared/worker.py",
        "import faststream.kafka",
        "shared.worker -> faststream",
    ),
}

LAYERS = [
    (
        "services/followup/domain/contact.py",
        "import services.followup.store.notices",
        "services.followup.domain is not allowed to import services.followup.store",
    ),
    (
        "services/followup/store/gauges.py",
        "import services.followup.actions.telling",
        "services.followup.store is not allowed to import services.followup.actions",
    ),
    (
        "services/followup/store/gauges.py",
        "import services.followup.gateways.sms",
        "services.followup.store is not allowed to import services.followup.gateways",
    ),
    (
        "services/followup/actions/reaching.py",
        "import services.followup.jobs.sending",
        "services.followup.actions is not allowed to import services.followup.jobs",
    ),
    (
        "services/followup/jobs/reaching.py",
        "import services.followup.api.notices",
        "services.followup.jobs is not allowed to import services.followup.api",
    ),
    (
        "services/followup/api/notices.py",
        "import services.followup.settings",
        "services.followup.api is not allowed to import services.followup.settings",
    ),
]

CLOCKS = [
    "from datetime import datetime\nnow = datetime.now()",
    "import datetime\nnow = datetime.datetime.now(datetime.UTC)",
    "from datetime import datetime as d\nnow = d.utcnow()",
    "import datetime\nday = datetime.date.today()",
    "import time\nnow = time.time()",
    "from time import time\nnow = time()",
]


def a_copy(folder: Path) -> Path:
    """What the fences are about, and the fences."""
    for tree in ("services", "shared", "deploy", "tests/house"):
        shutil.copytree(ROOT / tree, folder / tree, ignore=shutil.ignore_patterns("__pycache__"))
    (folder / "tests" / "__init__.py").touch()
    shutil.copy(ROOT / "pyproject.toml", folder)
    return folder


def plant(root: Path, file: str, line: str) -> None:
    path = root / file
    path.write_text(f"{path.read_text(encoding='utf-8')}\n{line}\n", encoding="utf-8")


def lint_imports(root: Path) -> tuple[int, dict[str, str]]:
    """What is said of each fence that is broken."""
    command = [BIN / "lint-imports", "--no-cache", "--no-logo"]
    done = subprocess.run(command, cwd=root, env=os.environ | {"COLUMNS": "500"}, capture_output=True, text=True, check=False)
    _, _, broken = done.stdout.partition("Broken contracts\n")
    said = {}
    for name in fences():
        _, found, rest = broken.partition(f"\n{name}\n{'-' * len(name)}\n")
        if found:
            said[name] = rest.partition("\n---")[0]
    return done.returncode, said


def fences() -> list[str]:
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["importlinter"]["contracts"]
    return [contract["name"] for contract in contracts]


@pytest.fixture(scope="module")
def broken(tmp_path_factory) -> tuple[int, dict[str, str]]:
    """Every fence broken at once, each in a place of its own."""
    root = a_copy(tmp_path_factory.mktemp("planted"))
    for file, line, _ in IMPORTS.values():
        plant(root, file, line)
    return lint_imports(root)


def test_the_tree_itself_keeps_to_every_fence(tmp_path):
    assert lint_imports(a_copy(tmp_path)) == (0, {})


def test_every_fence_is_planted():
    assert sorted(IMPORTS) == sorted(fences())


@pytest.mark.parametrize("fence", IMPORTS)
def test_every_fence_bites(broken, fence):
    code, said = broken
    assert code == 1
    assert IMPORTS[fence][2] in said[fence]


def test_rooms_lie_one_on_another(tmp_path):
    root = a_copy(tmp_path)
    for file, line, _ in LAYERS:
        plant(root, file, line)
    _, said = lint_imports(root)
    [layers] = [it for it in said.items() if it[0].startswith("Inside a service")]
    assert [sentence for _, _, sentence in LAYERS if sentence not in layers[1]] == []


def test_there_are_no_other_rooms(tmp_path):
    root = a_copy(tmp_path)
    (root / "services/followup/engine").mkdir()
    (root / "services/followup/engine/__init__.py").touch()
    code, _ = lint_imports(root)
    assert code == 1


def ruff(file: str, source: str) -> set[str]:
    command = [BIN / "ruff", "check", "--output-format", "json", "--stdin-filename", str(ROOT / file), "-"]
    done = subprocess.run(command, cwd=ROOT, input=source, capture_output=True, text=True, check=False)
    return {it["code"] for it in json.loads(done.stdout)}


@pytest.mark.parametrize("source", CLOCKS)
@pytest.mark.parametrize(
    "file", ["services/followup/domain/notice.py", "services/followup/store/notices.py", "shared/worker.py", "deploy/since.py"]
)
def test_there_is_one_clock(file, source):
    assert "TID251" in ruff(file, source)
    assert "TID251" not in ruff("shared/clock.py", source)


def test_time_is_measured_by_another():
    assert "TID251" not in ruff("shared/worker.py", "from time import monotonic\nnow = monotonic()")
