"""Runs the reactions of a batch, one event after the other, each seeing what came of those before it. Nothing is asked and nothing is told here."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from uuid import UUID

import structlog

from shared.contracts import Event
from shared.entities import Entity, changed
from shared.gate import Delivery, trouble_of
from shared.outbox import Announcement
from shared.outcome import Gone, Outcome
from shared.reactions import Need, Reaction
from shared.shelf import NotRead, Raced, Shelf, present

log = structlog.get_logger()
Circumstances = Mapping[str, Any]
Before = dict[Entity, dict[str, Any]]


def wanted(deliveries: Iterable[Delivery], shelf: Shelf, stage: int) -> Iterable[tuple[Need, Any]]:
    """What the reactions to these need at this stage, found out from the events and from what earlier stages found."""
    for it in deliveries:
        for reaction in it.reactions:
            if stage < len(reaction.stages) and it.event is not None and it.trouble is None:
                try:
                    found = found_by(reaction, it, shelf, stage)
                    asked = [(need, it.key(need, found)) for need in map(reaction.needs.__getitem__, reaction.stages[stage])]
                except Exception as error:
                    it.trouble = trouble_of(error)
                else:
                    yield from asked


def found_by(reaction: Reaction, it: Delivery, shelf: Shelf, stages: int) -> dict[str, Any]:
    """What the needs of the first so many stages find, by their names."""
    found: dict[str, Any] = {}
    for stage in reaction.stages[:stages]:
        for name in stage:
            need = reaction.needs[name]
            found[name] = shelf.find(need, it.key(need, found))
    return found


def fold(deliveries: Sequence[Delivery], shelf: Shelf, circumstances: Circumstances, handled: set[UUID]) -> list[Announcement]:
    """What is announced. A delivery whose reaction raised carries its trouble, and what it did is undone."""
    announced: list[Announcement] = []
    for it in deliveries:
        if it.trouble or it.event is None or it.inbox_id is None:
            continue
        if it.inbox_id in handled:  # sent twice within one batch
            it.outcome = "duplicate"
            continue
        mark, before = shelf.mark(), Before()
        try:
            events = [event for reaction in it.reactions for event in react(reaction, it, shelf, circumstances, before)]
        except (NotRead, Raced):
            raise
        except Exception as error:
            shelf.back_to(mark)
            for entity, row in before.items():
                entity.__dict__.clear()
                entity.__dict__.update(row)
                shelf.moved(entity)
            it.trouble = trouble_of(error)
            if it.trouble.ours:
                log.error(
                    "a reaction failed",
                    exc_info=error,
                    topic=it.record.topic,
                    partition=it.record.partition,
                    offset=it.record.offset,
                    event_id=it.origin.id,
                )
        else:
            handled.add(it.inbox_id)
            announced += [(event, it.origin.cause) for event in events]
    return announced


def react(reaction: Reaction, it: Delivery, shelf: Shelf, circumstances: Circumstances, before: Before) -> list[Event]:
    event = it.event
    assert event is not None
    found = found_by(reaction, it, shelf, len(reaction.stages))
    for thing in found.values():
        for entity in present(thing):
            if entity not in before:
                before[entity] = entity.__dict__.copy()
    told = {name: it.origin if name == "origin" else circumstances[name] for name in reaction.circumstances}
    outcome = reaction.rule(event, *(found[name] for name in reaction.needs), **told)
    keep_the_rules(reaction, outcome, found, shelf)
    announced: list[Event] = []
    for thing in outcome:
        if isinstance(thing, Event):
            announced.append(thing)
        elif isinstance(thing, Gone):
            shelf.forget(thing.entity)
        else:
            shelf.remember(thing)
    for entity in before:
        if changed(entity):
            shelf.moved(entity)
    return announced


def keep_the_rules(reaction: Reaction, outcome: Outcome, found: Mapping[str, Any], shelf: Shelf) -> None:
    if not isinstance(outcome, list):
        raise TypeError(f"{reaction.rule.__qualname__} returned no list; a generator that nobody iterates does nothing")
    for name in reaction.only_read:
        if reaction.needs[name].entity not in shelf.locked and any(changed(entity) for entity in present(found[name])):
            raise TypeError(f"{reaction.rule.__qualname__} wrote to '{name}', which it needed without a lock")
