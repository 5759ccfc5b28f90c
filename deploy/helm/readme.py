"""The chart's README: every value, its default, and what it means, made of the schema and the defaults."""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml

CHART = Path(__file__).parent / "careloop"
FILE = CHART / "README.md"
ALIKE = "services.customers"  # the other three are like this one
HEAD = """# Careloop's chart

Made by `python -m deploy.helm` of `values.schema.json` and `values.yaml`. Any other key is refused, and what can't work is refused with a sentence.
Examples that are rendered by the tests lie in `ci/`; how to install stands in [INSTALL.md](../../INSTALL.md).

| value | default | |
|---|---|---|
"""


def written() -> str:
    schema = json.loads((CHART / "values.schema.json").read_text(encoding="utf-8"))
    values = yaml.safe_load((CHART / "values.yaml").read_text(encoding="utf-8"))
    rows = [f"| `{path}` | {shown(value)} | {meaning(it)} |" for path, it, value in leaves(schema, values) if told(path)]
    return HEAD + "\n".join(rows) + "\n"


def told(path: str) -> bool:
    return not path.startswith("services.") or path.startswith(ALIKE)


def leaves(schema: Mapping[str, Any], values: Any) -> Iterator[tuple[str, Mapping[str, Any], Any]]:
    """Each value that is set as a whole, with what the schema says of it."""

    def walk(path: str, it: Mapping[str, Any], value: Any) -> Iterator[tuple[str, Mapping[str, Any], Any]]:
        inner = resolved(schema, it)
        if inner.get("properties") and value != {}:
            for name, one in inner["properties"].items():
                yield from walk(f"{path}.{name}" if path else name, one, value[name])
        else:
            yield path, inner | dict(it), value

    yield from walk("", schema, values)


def resolved(schema: Mapping[str, Any], it: Mapping[str, Any]) -> dict[str, Any]:
    if "$ref" in it:
        return dict(schema["$defs"][it["$ref"].rpartition("/")[2]])
    return dict(it)


def shown(value: Any) -> str:
    if isinstance(value, str) and "\n" in value:
        return "a file"
    return f"`{json.dumps(value, ensure_ascii=False)}`"


def meaning(it: Mapping[str, Any]) -> str:
    allowed = f" One of {', '.join(f'`{word}`' for word in it['enum'])}." if "enum" in it else ""
    return str(it["description"]).replace("|", "\\|") + allowed
