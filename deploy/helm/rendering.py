"""Renders the chart with Helm's own engine, as `helm template` would."""

from functools import cache
from pathlib import Path
from typing import Any

import yaml

from deploy.helm.readme import CHART

RELEASE, NAMESPACE = "careloop", "care"
EXAMPLES = {file.name.removesuffix("-values.yaml"): file for file in sorted((CHART / "ci").glob("*-values.yaml"))}


@cache
def chart() -> Any:
    import helm_python

    return helm_python.Chart.load(CHART)


def rendered(values: dict[str, Any], *, name: str = RELEASE) -> list[dict[str, Any]]:
    """All objects in the order of their files. Raises what Helm says: of the schema, of a guard."""
    files = manifests(values, name=name)
    return [it for path in sorted(files) if path.endswith(".yaml") for it in yaml.load_all(files[path], yaml.CSafeLoader) if it]


def manifests(values: dict[str, Any], *, name: str = RELEASE) -> dict[str, str]:
    """Helm's own order of files has no meaning; ours is by their names."""
    chart().validate_schema(values)
    found: dict[str, str] = chart().render(values, name=name, namespace=NAMESPACE, is_install=True)
    return {path.removeprefix("careloop/templates/"): text for path, text in found.items()}


def plain(objects: list[dict[str, Any]]) -> str:
    """Plain manifests without what only Helm understands."""
    kept = [it for it in objects if "helm.sh/hook" not in it["metadata"].get("annotations", {})]
    return "---\n".join(yaml.dump(it, Dumper=yaml.CSafeDumper, sort_keys=False, width=200, allow_unicode=True) for it in kept)


def write(values: Path, folder: Path) -> None:
    """One file, to be the base of a Kustomize overlay."""
    folder.mkdir(parents=True, exist_ok=True)
    objects = rendered(yaml.safe_load(values.read_text(encoding="utf-8")))
    (folder / "careloop.yaml").write_text(plain(objects), encoding="utf-8")
