"""How far the services are behind on Kafka."""

import asyncio
from dataclasses import asdict
from typing import Annotated

import typer

from deploy.answer import AsJson, tell_json, tell_table
from deploy.local.databases import SERVICES

app = typer.Typer()
COLUMNS = "group", "topic", "partition", "committed", "end", "lag", "lost"


@app.command()
def lag(
    services: Annotated[
        list[str] | None, typer.Argument(help=f"Some of {', '.join(SERVICES)}; all of them if none is named.", metavar="[SERVICE]...")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Show how far each service is behind in each partition that has records, and what it lost there."""
    from deploy import places
    from deploy.command.process import service_of
    from deploy.lag import lags
    from shared.topics import TOPICS

    reads = {}
    for name in services or SERVICES:
        listened = {listener.topic for listener in service_of(name).listeners}
        reads[name] = sorted(listened | {topic.name for topic in TOPICS.values() if topic.owner == name})
    found = asyncio.run(lags(places.kafka(), reads))
    if as_json:
        return tell_json([asdict(it) for it in found])
    if rows := [asdict(it) for it in found if it.end]:
        tell_table(rows, COLUMNS)
    for name in reads:
        behind, lost = (sum(getattr(it, what) for it in found if it.group == name) for what in ("lag", "lost"))
        typer.echo(f"{name} is {behind:,} behind{f' and lost {lost:,}; `careloop resume` goes on without them' if lost else ''}.")
