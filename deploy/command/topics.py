"""The topics of the catalogue, on the broker."""

import asyncio
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from deploy import places
from deploy.answer import AsJson, tell_json, tell_table

if TYPE_CHECKING:
    from deploy.topics import Difference

app = typer.Typer()
COLUMNS = "topic", "what", "found", "wanted"


@app.callback()
def topics() -> None:
    """Compare the broker's topics with the catalogue, or bring them to it. CARELOOP_REPLICATION is the number of copies."""


@app.command()
def diff(as_json: AsJson = False) -> None:
    """Show what differs from the catalogue; the exit code is 1 if anything does."""
    from deploy.topics import differences

    found = asyncio.run(differences(places.kafka()))
    if as_json:
        tell_json([asdict(it) for it in found])
    elif found:
        tell_table([asdict(it) for it in found], COLUMNS)
    else:
        typer.echo("The broker's topics are as the catalogue says.")
    raise typer.Exit(1 if found else 0)


@app.command()
def apply(
    accept: Annotated[
        bool, typer.Option("--i-accept-key-reshuffle", help="Let topics grow: keys move to other partitions and lose their order once.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Make topics that are missing and change settings that differ. Nothing is deleted and nothing shrinks."""
    from deploy.topics import apply_topics

    done, left = asyncio.run(apply_topics(places.kafka(), accept_key_reshuffle=accept))
    if as_json:
        tell_json({"done": [asdict(it) for it in done], "left": [asdict(it) for it in left]})
    else:
        for it in done:
            typer.echo(
                f"{it.topic}: made with {it.wanted}"
                if it.what == "topic"
                else f"{it.topic}: {it.what} {it.found or 'unset'} -> {it.wanted}"
            )
        for it in left:
            typer.echo(still(it), err=True)
        if not left:
            typer.echo("The broker's topics are as the catalogue says.")
    raise typer.Exit(1 if left else 0)


def still(it: "Difference") -> str:
    if it.remedy == "accept":
        return (
            f"{it.topic} has {it.found} partitions, not {it.wanted}: let its readers catch up, then"
            " `careloop topics apply --i-accept-key-reshuffle` lets it grow."
        )
    if it.remedy == "person":
        return f"{it.topic} has {it.found} copies, not {it.wanted}: kafka-reassign-partitions.sh spreads it over more brokers."
    return f"{it.topic}: {it.what} is still {it.found or 'unset'}, not {it.wanted}; look at the broker's log."
