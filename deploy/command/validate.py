"""Checks a publisher's events against what is agreed, field by field."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from deploy.feed.cloudevents import Told

app = typer.Typer()
Files = Annotated[
    list[str], typer.Argument(help="JSON, or JSON lines, of CloudEvents; - is standard input.", metavar="FILE...", show_default=False)
]
AsJson = Annotated[bool, typer.Option("--json", help="Tell it as JSON.")]


@app.command()
def validate(files: Files, as_json: AsJson = False) -> None:
    """Say what is wrong with events, where, and how to mend it."""
    import orjson

    from deploy.feed.cloudevents import read
    from shared.clock import now

    told = [event for file in files for event in read(file, now=now())]
    wrong = [event for event in told if event.problems]
    if as_json:
        findings = [
            {"where": event.where, "pointer": each.pointer, "message": each.message, "wrong": each in event.problems}
            for event in told
            for each in (*event.problems, *event.notes)
        ]
        typer.echo(orjson.dumps({"events": len(told), "wrong": len(wrong), "findings": findings}, option=orjson.OPT_INDENT_2).decode())
    else:
        report(told)
        typer.echo(f"{len(told)} {'event' if len(told) == 1 else 'events'}, {f'{len(wrong)} of them wrong' if wrong else 'nothing wrong'}.")
    if wrong:
        raise typer.Exit(1)


def report(told: "Sequence[Told]") -> None:
    """A line for each finding, as compilers write them."""
    for event in told:
        kind = f" {event.attributes.type}" if event.attributes else ""
        for each in event.problems:
            typer.echo(f"{event.where}:{kind} {each.pointer or '(whole)'}: {each.message}")
        for each in event.notes:
            typer.echo(f"{event.where}:{kind} {each.pointer}: note: {each.message}")
