"""Rules as promtool sees them: without a fault or a warning, and every alert speaks in one example and is silent in the other."""

import shutil
import subprocess
from pathlib import Path

import pytest

from deploy.monitoring import documents

PROMTOOL, AMTOOL = shutil.which("promtool"), shutil.which("amtool")
needs_promtool = pytest.mark.skipif(PROMTOOL is None, reason="promtool is not here: apt-get install prometheus")


def run(*command: str | Path | None) -> str:
    done = subprocess.run([str(it) for it in command], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@needs_promtool
@pytest.mark.parametrize("scale", [1.0, 0.05])
def test_no_rule_has_a_fault(tmp_path: Path, scale: float):
    documents.write(tmp_path, documents.rules(scale))
    files = sorted(tmp_path.glob("*.yaml"))
    assert run(PROMTOOL, "check", "rules", "--lint=all", "--lint-fatal", *files).count("SUCCESS") == len(files)


@needs_promtool
def test_every_alert_speaks_and_is_silent():
    run(PROMTOOL, "test", "rules", *sorted(documents.TESTS.glob("*.yaml")))


@needs_promtool
def test_a_test_can_fail(tmp_path: Path):
    rules, tests = tmp_path / "helm/careloop/files/alerts", tmp_path / "monitoring/rules_tests"
    documents.write(rules, {"events.yaml": documents.rules()["events.yaml"].replace("> 120", "> 12000")})
    documents.write(tests, {"events.yaml": documents.tests()["events.yaml"]})
    done = subprocess.run([str(PROMTOOL), "test", "rules", str(tests / "events.yaml")], capture_output=True, text=True)
    assert done.returncode and "CareloopOutboxStuck speaks" in done.stdout + done.stderr


@pytest.mark.skipif(AMTOOL is None, reason="amtool is not here: apt-get install prometheus-alertmanager")
def test_the_example_of_alertmanager_is_one():
    run(AMTOOL, "check-config", documents.HERE / "alertmanager.example.yaml")
