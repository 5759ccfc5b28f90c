"""The whole system on this machine, as `make run` starts it."""

import typer

app = typer.Typer()


@app.command()
def run() -> None:
    """Start PostgreSQL, Kafka and all services here, play sample events, print a page of addresses. Ctrl-C ends it."""
    from deploy.local.run import main

    raise typer.Exit(main())
