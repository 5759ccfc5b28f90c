"""The chart's values: each is in the schema with a meaning and a default, nothing else is taken, and what is made of other files is as it would be."""

import json
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from deploy.helm import __main__ as helm
from deploy.helm.readme import CHART, leaves, resolved
from deploy.helm.rendering import EXAMPLES
from shared import ops, worker
from shared.issuers import Register as Issuers
from shared.sources import Register as Sources
from shared.units import Units
from tests.deploy import charts

ROOT = Path(__file__).parents[2]
SCHEMA = json.loads((CHART / "values.schema.json").read_text(encoding="utf-8"))
VALUES = yaml.safe_load((CHART / "values.yaml").read_text(encoding="utf-8"))
TEMPLATES = {it.name: it.read_text(encoding="utf-8") for it in (CHART / "templates").rglob("*") if it.is_file()}


def over(values: Any, more: Any) -> Any:
    """As Helm lays one file of values over another."""
    if not isinstance(values, dict) or not isinstance(more, dict):
        return more
    return values | {key: over(values.get(key), it) for key, it in more.items()}


def objects_of(it: Any, path: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    if isinstance(it, dict):
        if it.get("type") == "object":
            yield path, it
        for key, inner in it.items():
            yield from objects_of(inner, f"{path}/{key}")


def test_every_value_is_in_the_schema_and_has_a_meaning() -> None:
    found = list(leaves(SCHEMA, VALUES))  # a KeyError names what the schema has and values.yaml lacks
    assert [path for path, it, _ in found if not it.get("description")] == []

    def unknown(schema: dict[str, Any], values: Any, path: str = "") -> list[str]:
        inner = resolved(SCHEMA, schema).get("properties")
        if not isinstance(values, dict) or inner is None:
            return []
        return [
            it
            for key, value in values.items()
            for it in ([f"{path}.{key}"] if key not in inner else unknown(inner[key], value, f"{path}.{key}"))
        ]

    assert unknown(SCHEMA, VALUES) == []
    jsonschema.Draft7Validator.check_schema(SCHEMA)


def test_every_object_of_the_schema_is_closed_or_says_why_not() -> None:
    open_ones = [path for path, it in objects_of(SCHEMA) if it.get("additionalProperties", True) is True]
    assert open_ones == ["/properties/pod/properties/tolerations/items", "/properties/pod/properties/affinity"]


def test_every_key_is_used_by_a_template() -> None:
    text = "\n".join(TEMPLATES.values())
    for path, _, _ in leaves(SCHEMA, VALUES):
        name = "resources" if ".resources." in path else path.rpartition(".")[2]  # these as a whole
        assert re.search(rf"\.{name}\b|\"{name}\"", text), path


@pytest.mark.parametrize("example", EXAMPLES)
def test_the_examples_are_as_the_schema_wants_and_the_processes_read_their_files(example: str, tmp_path: Path) -> None:
    values = over(VALUES, yaml.safe_load(EXAMPLES[example].read_text(encoding="utf-8")))
    jsonschema.validate(values, SCHEMA, jsonschema.Draft7Validator)
    (tmp_path / "units.toml").write_text(values["config"]["units"])
    Units.read(tmp_path / "units.toml")
    Sources.model_validate(tomllib.loads(values["config"]["sources"]) or {"sources": {}})
    if not values["config"]["existingConfigMap"]:
        Issuers.model_validate(tomllib.loads(values["config"]["issuers"]))


@pytest.mark.parametrize(
    "wrong",
    [
        {"kafka": {"bootstraps": "x"}},
        {"services": {"complaints": {"database": {"hots": "x"}}}},
        {"services": {"team": {"enabled": True}}},
        {"services": {"complaints": {"worker": {"keda": {"enable": True}}}}},
        {"api": {"replicas": 0}},
        {"image": {"digest": "latest"}},
        {"env": {"PATH": "/"}},
        {"networkPolicy": {"ingressFrom": [{}]}},
        {"monitoring": {"rules": {"runbookBaseUrl": "https://runbooks.example.com"}}},
        {"topics": {"overrides": {"elsewhere": {"partitions": 3}}}},
    ],
)
def test_what_is_misspelt_or_can_not_be_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(over(VALUES, wrong), SCHEMA, jsonschema.Draft7Validator)


def test_what_is_made_of_other_files_is_as_it_would_be() -> None:
    assert helm.stale() == []


def test_what_is_committed_was_rendered_of_these_files() -> None:
    assert charts.MADE_OF.read_text() == charts.digests(), "render anew: python -m tests.deploy.charts"
    assert {it.stem for it in charts.GOLDEN.glob("*.yaml")} == set(EXAMPLES)


def test_versions_are_one() -> None:
    chart = yaml.safe_load((CHART / "Chart.yaml").read_text())
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert chart["appVersion"] == project["version"]
    assert chart["kubeVersion"] == ">=1.29.0-0"


def test_nothing_in_a_template_depends_on_when_and_where_it_is_rendered() -> None:
    for name, text in TEMPLATES.items():
        assert not re.search(
            r"\b(lookup|now|randAlpha\w*|randNumeric|randAscii|uuidv4|genCA|genPrivateKey|genSelfSignedCert|derivePassword|htpasswd)\b \S",
            text,
        ), name
        assert ".Capabilities" not in text, name
        assert "kind: Secret\n" not in text, name
        assert "helm.sh/hook" not in text or name == "smoke.yaml", name


def test_the_guards_know_how_long_a_process_takes_to_stop() -> None:
    validate = TEMPLATES["_validate.tpl"]
    source = Path(worker.__file__).read_text(encoding="utf-8")
    patience = re.search(r"wait_for\(shell\.end\(\), (\d+)\)", source)
    assert patience
    assert f"$made {int(ops.DRAIN)})" in validate
    assert f"$made {int(patience[1]) + int(worker.DRAIN)})" in validate
