"""Rules and their tests as YAML, for Prometheus and promtool."""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path

from deploy.monitoring.alert import RUNBOOKS, Alert, Example, asked, span
from deploy.monitoring.alerts import GROUPS

HERE = Path(__file__).parent
RULES = HERE.parent / "helm" / "careloop" / "files" / "alerts"  # inside the chart: it reads nothing that lies outside
TESTS = HERE / "rules_tests"
MADE = "# Made by `python -m deploy.monitoring`: change deploy/monitoring/alerts instead.\n"


def rules(scale: float = 1.0, runbooks: str = RUNBOOKS) -> dict[str, str]:
    """By file."""
    return {f"{group}.yaml": MADE + "\n".join(lines_of(group, scale, runbooks)) + "\n" for group in GROUPS}


def lines_of(group: str, scale: float, runbooks: str) -> Iterator[str]:
    recordings, alerts = GROUPS[group]
    yield from ("groups:", f"  - name: careloop-{group}", "    rules:")
    for recording in recordings:
        yield f"      - record: {recording.name}"
        yield from expression(asked(recording.asks, scale))
    for it in alerts:
        yield f"      - alert: {it.name}"
        yield from expression(asked(it.asks, scale))
        yield f"        for: {span(it.lasts, scale)}"
        yield "        labels:"
        yield from pairs(it.own_labels, 10)
        yield "        annotations:"
        yield from pairs({"summary": it.says, "runbook_url": f"{runbooks}{it.slug}.md"}, 10)


def expression(text: str) -> Iterator[str]:
    yield from ("        expr: >-", f"          {text}")


def pairs(values: Mapping[str, str], indent: int) -> Iterator[str]:
    for name, value in values.items():
        yield f"{' ' * indent}{name}: {quoted(value)}"


def quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


def tests() -> dict[str, str]:
    """For each alert an example in which it speaks and one in which it does not."""
    return {f"{group}.yaml": MADE + "\n".join(tests_of(group)) + "\n" for group in GROUPS}


def tests_of(group: str) -> Iterator[str]:
    yield from ("rule_files:", f"  - ../../helm/careloop/files/alerts/{group}.yaml", "evaluation_interval: 1m", "tests:")
    for it in GROUPS[group][1]:
        for word, example in (("speaks", it.fires), ("is silent", it.silent)):
            yield f"  - name: {quoted(f'{it.name} {word} ({it.severity})')}"
            yield from test(it, example)


def test(it: Alert, example: Example) -> Iterator[str]:
    yield from ("    interval: 1m", "    input_series:")
    for series, values in example.series.items():
        yield f"      - series: {quoted(series)}"
        yield f"        values: {quoted(values.strip())}"
    yield from ("    alert_rule_test:", f"      - eval_time: {example.at}", f"        alertname: {it.name}")
    if not example.tells:
        yield "        exp_alerts: []"
        return
    yield "        exp_alerts:"
    for labels in example.tells:
        yield "          - exp_labels:"
        yield from pairs({**it.own_labels, **labels}, 14)
        yield "            exp_annotations:"
        yield from pairs({"summary": it.summary(labels), "runbook_url": f"{RUNBOOKS}{it.slug}.md"}, 14)


def write(folder: Path, files: Mapping[str, str]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in files.items():
        (folder / name).write_text(text)


def stale() -> list[Path]:
    """What lies there and is not as it would be made now."""
    wanted = {RULES / name: text for name, text in rules().items()} | {TESTS / name: text for name, text in tests().items()}
    there = {*RULES.glob("*.yaml"), *TESTS.glob("*.yaml")}
    return sorted({file for file, text in wanted.items() if not file.exists() or file.read_text() != text} | (there - wanted.keys()))
