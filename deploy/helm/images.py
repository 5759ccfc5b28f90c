"""All images that a chart or a compose file of ours names: what must be mirrored where nothing can be pulled from outside."""

from pathlib import Path
from typing import Any

import yaml

from deploy.helm.readme import CHART

FILE = Path(__file__).parents[1] / "images.txt"
COMPOSE = Path(__file__).parents[1] / "compose.yml"
HEAD = """# Made by `python -m deploy.helm`. On Kubernetes the first is all there is; the others are for the compose file.
"""


def written() -> str:
    return HEAD + "".join(f"{it}\n" for it in (ours(), *of_compose()))


def ours() -> str:
    values, chart = (yaml.safe_load((CHART / name).read_text(encoding="utf-8")) for name in ("values.yaml", "Chart.yaml"))
    return f"{values['image']['repository']}:{chart['appVersion']}"


def of_compose() -> list[str]:
    told: dict[str, Any] = yaml.safe_load(COMPOSE.read_text(encoding="utf-8"))["services"]
    return sorted({it["image"] for it in told.values() if "build" not in it})
