"""Writes rules and their tests: `python -m deploy.monitoring`, `… check`, `… rules --time-scale 0.02 --to FOLDER` for a drill."""

from pathlib import Path
from typing import Annotated

import typer

from deploy.monitoring import documents
from deploy.monitoring.alert import RUNBOOKS

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)


@app.callback(invoke_without_command=True)
def everything(context: typer.Context) -> None:
    """Write the rules into the chart, and their tests beside the runbooks."""
    if context.invoked_subcommand is None:
        documents.write(documents.RULES, documents.rules())
        documents.write(documents.TESTS, documents.tests())
        typer.echo(f"{len(documents.rules())} files of rules and their tests are written.")


@app.command()
def check() -> None:
    """Are they as they would be written now?"""
    for file in documents.stale():
        typer.echo(f"{file} is not as it would be made: run `python -m deploy.monitoring`.")
    raise typer.Exit(1 if documents.stale() else 0)


@app.command()
def rules(
    to: Annotated[Path, typer.Option(help="The folder to write to.")],
    time_scale: Annotated[float, typer.Option(help="A drill's: 0.02 makes a minute of 50.", min=0.001, max=1)] = 1.0,
    runbooks: Annotated[str, typer.Option(help="Where the runbooks are, with a slash at the end.")] = RUNBOOKS,
) -> None:
    """The rules with every span of time scaled."""
    documents.write(to, documents.rules(time_scale, runbooks))


if __name__ == "__main__":
    app()
