"""Publishes events that are given as CloudEvents JSON."""

import asyncio
from collections import Counter

import typer

from deploy.command.validate import AsJson, Files, report

app = typer.Typer()


@app.command()
def publish(files: Files, as_json: AsJson = False) -> None:
    """Send events, each to the topic of its type and with the key of its customer. Nothing is sent while anything is wrong."""
    import orjson

    from deploy import places
    from deploy.feed.cloudevents import read
    from deploy.feed.publisher import Publisher
    from shared.clock import now

    told = [event for file in files for event in read(file, now=now())]
    if wrong := [event for event in told if event.problems]:
        report(wrong)
        typer.echo(f"{len(wrong)} of {len(told)} events are wrong; nothing was published.", err=True)
        raise typer.Exit(1)
    messages = [event.message for event in told]

    async def run() -> Publisher:
        async with Publisher(places.kafka(), {message.topic for message in messages}) as publisher:
            for message in messages:
                await publisher.send(message)
            await publisher.flush()
        return publisher

    publisher = asyncio.run(run())
    if as_json:
        facts = [
            {
                "id": event.attributes.id,
                "type": event.attributes.type,
                "topic": place.topic,
                "partition": place.partition,
                "offset": place.offset,
            }
            for event, place in zip(told, publisher.places, strict=True)
            if event.attributes
        ]
        typer.echo(orjson.dumps(facts, option=orjson.OPT_INDENT_2).decode())
    else:
        for type, count in Counter(event.attributes.type for event in told if event.attributes).items():
            typer.echo(f"{count:7,} {type}")
        typer.echo(f"{len(messages):7,} published to {publisher.address}")
