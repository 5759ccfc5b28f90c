"""Alerts: each is loud or not, has a runbook whose first command exists, and two examples; what they ask about is counted, with those labels."""

import re
from collections import Counter

import pytest
import yaml

from deploy.monitoring import documents
from deploy.monitoring.alert import Alert, asked, span
from deploy.monitoring.alerts import ALERTS, GROUPS
from shared.metrics import Metrics, Number
from tests.deploy.test_docs_operate import commands, named

RUNBOOKS = documents.HERE / "runbooks"
PARTS = ["Meaning", "Impact", "Diagnosis", "Mitigation"]
OURS = {f"careloop_{name}": {"service", *it.labels} for name, it in vars(Metrics).items() if isinstance(it, Number)}
OF_TARGETS = {"job", "instance", "pod", "le"}
FOREIGN = {"up", "process_start_time_seconds"}
QUESTIONS = {it.name: it.asks for recordings, _ in GROUPS.values() for it in recordings} | {
    f"{it.name} {it.severity} {it.labels}": it.asks for it in ALERTS
}


@pytest.mark.parametrize("alert", ALERTS, ids=lambda it: f"{it.name}-{it.severity}-{'-'.join(it.labels.values())}")
def test_it_is_complete(alert: Alert):
    assert alert.severity in ("page", "ticket")
    assert alert.says.endswith(".")
    assert alert.fires.tells and not alert.silent.tells
    assert alert.fires.series and alert.silent.series
    runbook = (RUNBOOKS / f"{alert.slug}.md").read_text(encoding="utf-8")
    assert runbook.startswith(f"# {alert.name}\n")
    assert re.findall("^## (.*)$", runbook, re.MULTILINE) == PARTS
    assert re.search(r"^## Diagnosis\n\n```\n\$ careloop \w+", runbook, re.MULTILINE), "its diagnosis begins with a command of ours"
    for words, rest in named(runbook):
        assert words in commands() or words in {it.split()[0] for it in commands()}, f"careloop {words}"
        if words in commands():
            assert set(re.findall(r"(?<!\S)--[a-z-]+", rest.split(";")[0])) <= commands()[words], f"careloop {words}{rest}"


def test_no_two_are_one_and_no_runbook_is_left_over():
    assert [it for it, count in Counter((it.name, it.severity, *it.labels.items()) for it in ALERTS).items() if count > 1] == []
    assert {it.slug for it in ALERTS} == {file.stem for file in RUNBOOKS.glob("*.md")}
    links = {name for file in RUNBOOKS.glob("*.md") for name in re.findall(r"[\w-]+\.md", file.read_text(encoding="utf-8"))}
    assert {it for it in links if not (RUNBOOKS / it).exists()} == set()


@pytest.mark.parametrize("name", QUESTIONS)
def test_what_it_asks_about_is_counted(name: str):
    question = re.sub(r'"[^"]*"', '""', QUESTIONS[name])
    used: set[str] = set()
    for metric, matchers in re.findall(r"\b((?:careloop_|up\b|process_)\w*)(?:\{([^}]*)\})?", question):
        base = metric if metric in OURS else re.sub(r"_(bucket|sum|count)$", "", metric)
        assert base in OURS or metric in FOREIGN, metric
        labels = set(re.findall(r"(\w+)\s*[=!]", matchers))
        assert labels <= OURS.get(base, set()) | OF_TARGETS, metric
        used |= OURS.get(base, set())
    recorded = {it.name for recordings, _ in GROUPS.values() for it in recordings}
    assert set(re.findall(r"careloop:\w+:\w+", question)) <= recorded
    for labels in re.findall(r"(?:by|on) \(([^)]*)\)", question):
        assert {it.strip() for it in labels.split(",") if it.strip()} <= used | OF_TARGETS | {"service"}, name


def test_its_examples_have_series_that_exist():
    for alert in ALERTS:
        for series in {**alert.fires.series, **alert.silent.series}:
            metric, _, inside = series.partition("{")
            base = metric if metric in OURS else re.sub(r"_(bucket|sum|count)$", "", metric)
            assert base in OURS or metric in FOREIGN, series
            assert set(re.findall(r"(\w+)=", inside)) <= OURS.get(base, set()) | OF_TARGETS, series


def test_what_is_written_is_what_would_be_written():
    assert documents.stale() == []
    for file in documents.RULES.glob("*.yaml"):
        for group in yaml.safe_load(file.read_text(encoding="utf-8"))["groups"]:
            assert group["rules"]


def test_a_drill_goes_faster_and_asks_the_same():
    assert asked("max(x) > {120} and rate(y[5m]) > 0.5 or z[10m:1m]", 0.05) == "max(x) > 6 and rate(y[15000ms]) > 0.5 or z[30000ms:5000ms]"
    assert asked("x > {1728000}") == "x > 1728000"
    assert (span("10m", 1), span("10m", 0.05), span("0m", 0.05)) == ("10m", "30000ms", "0ms")
    assert documents.rules(0.05, "http://runbooks/")["care.yaml"].count('runbook_url: "http://runbooks/') == len(GROUPS["care"][1])


def test_the_example_of_alertmanager_knows_only_alerts_that_exist():
    text = (documents.HERE / "alertmanager.example.yaml").read_text(encoding="utf-8")
    names = {it.name for it in ALERTS}
    for rule in yaml.safe_load(text)["inhibit_rules"]:
        for matcher in (*rule["source_matchers"], *rule["target_matchers"]):
            if matcher.startswith("alertname"):
                pattern = matcher.split('"')[1]
                assert set(expanded(pattern)) <= names, pattern


def expanded(pattern: str) -> list[str]:
    """`A|B(C|D)` as A, BC, BD: alternatives, and one group in each at the most."""
    found: list[str] = []
    for part in re.findall(r"(?:[^|(]|\([^)]*\))+", pattern):
        group = re.search(r"\(([^)]*)\)", part)
        found += [part.replace(group[0], it) for it in group[1].split("|")] if group else [part]
    return found
