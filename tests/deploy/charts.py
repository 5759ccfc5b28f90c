"""The chart as the tests see it: its files, and what was rendered of its examples and committed.

`python -m tests.deploy.charts` renders anew (it needs Helm's engine, which `make test` does not have); `MADE_OF` says of which files.
"""

import hashlib
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from deploy.helm.readme import CHART
from deploy.helm.rendering import EXAMPLES

GOLDEN = Path(__file__).parent / "rendered"
MADE_OF = GOLDEN / "made-of.sha256"
Object = dict[str, Any]


def sources() -> list[Path]:
    return sorted(it for it in CHART.rglob("*") if it.is_file() and it.suffix != ".md" and it.parent.name not in ("alerts", "dashboards"))


def digests() -> str:
    return "".join(f"{hashlib.sha256(it.read_bytes()).hexdigest()}  {it.relative_to(CHART)}\n" for it in sources())


def golden(objects: list[Object]) -> str:
    return "---\n".join(
        yaml.dump(it, Dumper=yaml.CSafeDumper, sort_keys=False, width=200, allow_unicode=True) for it in objects if kept(it)
    )


def kept(it: Object) -> bool:
    """How many rules and dashboards there are is their own affair."""
    return it["kind"] != "PrometheusRule" and "-dashboard-" not in it["metadata"]["name"]


@cache
def rendered(example: str) -> list[Object]:
    """As committed."""
    return [it for it in yaml.load_all((GOLDEN / f"{example}.yaml").read_text(encoding="utf-8"), yaml.CSafeLoader) if it]


def of_kind(objects: list[Object], *kinds: str) -> list[Object]:
    return [it for it in objects if it["kind"] in kinds]


def pods(objects: list[Object]) -> Iterator[tuple[str, Object]]:
    """Name and pod template of whatever makes pods."""
    for it in objects:
        match it["kind"]:
            case "Deployment" | "StatefulSet" | "Job":
                yield it["metadata"]["name"], it["spec"]["template"]
            case "CronJob":
                yield it["metadata"]["name"], it["spec"]["jobTemplate"]["spec"]["template"]
            case "Pod":
                yield it["metadata"]["name"], it


def main() -> None:
    from deploy.helm import rendering

    GOLDEN.mkdir(exist_ok=True)
    for name, file in EXAMPLES.items():
        objects = rendering.rendered(yaml.safe_load(file.read_text(encoding="utf-8")))
        (GOLDEN / f"{name}.yaml").write_text(golden(objects), encoding="utf-8")
    MADE_OF.write_text(digests(), encoding="utf-8")


if __name__ == "__main__":
    main()
