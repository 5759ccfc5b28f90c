"""Lets a service read a topic again that it stopped reading."""

import asyncio
from typing import Annotated

import typer

from deploy.answer import AsJson, tell_json
from deploy.local.databases import SERVICES

app = typer.Typer()


@app.command()
def resume(
    service: Annotated[str, typer.Argument(help=f"One of {', '.join(SERVICES)}.", metavar="SERVICE", show_default=False)],
    topic: Annotated[
        str,
        typer.Argument(help="The topic, as `/healthz` and the metric consumption_stopped name it.", metavar="TOPIC", show_default=False),
    ],
    as_json: AsJson = False,
) -> None:
    """Let a service read a topic again, at once.

    Where it stopped because most records failed, they are tried again. Where the broker forgot records before they were read, it goes on
    with the earliest that is left: what is gone stays unread.
    """
    from shared import stops
    from shared.errors import Conflict, NotFound
    from shared.topics import TOPICS

    if topic not in TOPICS:
        raise NotFound(f"There is no topic {topic!r} in the catalogue; `careloop topics diff --json` and the file topics.toml name them.")
    lifted = asyncio.run(lift(service, topic))
    if as_json:
        tell_json(lifted)
    for name, reason in lifted.items() if not as_json else ():
        if stops.is_gap(name):
            typer.echo(
                f"{service} goes on in partition {name.partition('/')[2]} of {topic} with the earliest record that is left: {reason}"
            )
        else:
            typer.echo(f"{service} reads {topic} again; it had stopped: {reason}")
    if not lifted:
        raise Conflict(f"{service} has not stopped reading {topic}.")


async def lift(service: str, topic: str) -> dict[str, str]:
    from deploy.audit import operator
    from deploy.database import connected, databases
    from shared import audit, stops
    from shared.clock import now

    lifted: dict[str, str] = {}
    for _, dsn in databases(service):
        async with connected(dsn) as connection, connection.transaction():
            for name in await stops.stopped(connection):
                if name == topic or (stops.is_gap(name) and name.partition("/")[0] == topic):
                    lifted |= await stops.resume(connection, name)
            noted = [audit.line("resumed", by=operator(), about=f"topic:{name}", at=now()) for name in lifted]
            await audit.write(connection, *noted)
    return lifted
