"""How operator commands answer: a table for people, JSON for programs."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Annotated, Any

import orjson
import typer

AsJson = Annotated[bool, typer.Option("--json", help="Tell it as JSON.")]


def tell_json(told: object) -> None:
    typer.echo(orjson.dumps(told, option=orjson.OPT_INDENT_2 | orjson.OPT_NON_STR_KEYS, default=str).decode())


def tell_table(rows: Sequence[Mapping[str, Any]], columns: Sequence[str]) -> None:
    """Columns as wide as their widest, numbers to the right, the last as long as it likes."""
    texts = [[text(row.get(name)) for name in columns] for row in rows]
    widths = [max(len(line[n]) for line in ([*columns], *texts)) for n in range(len(columns))]
    right = [bool(rows) and all(isinstance(row.get(name), int) or row.get(name) is None for row in rows) for name in columns]
    for line in ([name.upper() for name in columns], *texts):
        cells = (
            cell.rjust(width) if to_the_right else cell.ljust(width) for cell, width, to_the_right in zip(line, widths, right, strict=True)
        )
        typer.echo("  ".join(cells).rstrip())


def text(value: Any) -> str:
    if value is None:
        return "-"
    if isinstance(value, datetime):
        return value.isoformat(sep=" ", timespec="seconds")
    return str(value).replace("\n", " ")
