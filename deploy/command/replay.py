"""Plays files of other systems as events."""

import asyncio
from collections import Counter
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated
from zoneinfo import ZoneInfo

import typer

if TYPE_CHECKING:
    from deploy.feed.replaying import Step

app = typer.Typer()
ZONE = ZoneInfo("Asia/Shanghai")


@app.callback()
def replay() -> None:
    """Play files of other systems as events."""


@app.command()
def orders(
    files: Annotated[list[str], typer.Argument(help="CSV of orders, plain or gzip.", metavar="FILE...", show_default=False)],
    limit: Annotated[int | None, typer.Option(help="Only so many rows.", min=0)] = None,
    rate: Annotated[str, typer.Option(help="Events a second, or max.")] = "max",
    stamp: Annotated[str, typer.Option(help="now: it happens as it is told; original: it happened when the file says.")] = "now",
    base_day: Annotated[
        datetime | None, typer.Option(help="The day from which dates keep their distance.", formats=["%Y-%m-%d"], show_default="today")
    ] = None,
    shuffle: Annotated[int | None, typer.Option(help="Any order of events, made of this seed.")] = None,
    new_ids: Annotated[bool, typer.Option("--new-ids", help="New event ids, as a publisher that sends again may do.")] = False,
    contacts: Annotated[
        str | None, typer.Option(help="made-up: declare half of the customers before and half after, all by e-mail.")
    ] = None,
    columns: Annotated[
        Path | None, typer.Option(help="TOML that says which column holds what; by default that of the Olist files.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Tell the totals as JSON.")] = False,
) -> None:
    """Publish a CSV of orders as events. The same row has the same event ids."""
    from itertools import islice

    import orjson

    from deploy import places
    from deploy.feed.columns import ColumnMap
    from deploy.feed.happenings import check
    from deploy.feed.orders import orders_in
    from deploy.feed.replaying import Plan, steps
    from shared.clock import now
    from shared.contracts.declarations import CustomerDeclared
    from shared.contracts.orders import FromOrders

    speed = rate_of(rate)
    one_of("--stamp", stamp, "now", "original")
    if contacts is not None:
        one_of("--contacts", contacts, "made-up")
    bad: list[str] = []

    def complain(sentence: str) -> None:
        bad.append(sentence)
        typer.echo(sentence, err=True)

    map_ = ColumnMap.read(columns)
    found = list(islice((order for file in files for order in orders_in(file, map_, now=now(), check=check, complain=complain)), limit))
    plan = Plan(stamp == "now", base_day.date() if base_day else now().astimezone(ZONE).date(), new_ids, now)
    todo = steps(found, plan, shuffle=shuffle, contacts=contacts is not None)
    if todo:
        topics = {FromOrders.topic} | {CustomerDeclared.topic for step in todo if step.type == CustomerDeclared.name}
        asyncio.run(play(places.kafka(), topics, todo, speed))
    totals = {"orders": len(found), "customers": len({order.customer for order in found}), "bad_rows": len(bad)}
    counts = Counter(step.type for step in todo)
    if as_json:
        typer.echo(orjson.dumps(totals | {"events": counts}).decode())
    else:
        for type, count in counts.items():
            typer.echo(f"{count:7,} {type}")
        typer.echo(
            f"{len(todo):7,} events of {totals['orders']:,} orders of {totals['customers']:,} customers"
            + (f"; {len(bad):,} bad rows" if bad else "")
        )
    if bad:
        raise typer.Exit(1)


async def play(kafka: str, topics: set[str], todo: "list[Step]", rate: float | None) -> None:
    """Publishes them with a bar that shows how far it is."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    from deploy.feed.publisher import Publisher, publish

    console = Console(stderr=True)
    bar = Progress(
        TextColumn("publishing"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        console=console,
        disable=not console.is_terminal,
        transient=True,
    )
    async with Publisher(kafka, topics) as publisher:
        with bar:
            task = bar.add_task("", total=len(todo))
            await publish(publisher, (step.make for step in todo), rate=rate, tell=lambda: bar.advance(task))


def rate_of(told: str) -> float | None:
    if told == "max":
        return None
    try:
        rate = float(told)
    except ValueError:
        rate = 0.0
    if not 0 < rate < float("inf"):
        raise typer.BadParameter("--rate is a number of events a second, or max.")
    return rate


def one_of(option: str, told: str, *allowed: str) -> None:
    if told not in allowed:
        raise typer.BadParameter(f"{option} is {' or '.join(allowed)}.")
