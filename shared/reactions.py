"""What a service does when something happens: one small function per event, over entities already in memory.

    on = Listener("careloop.inbound.orders")
    NoticesOfOrder = Annotated[list[Notice], every(Notice, fulfilment_id=lambda event: fulfilment_id(event))]

    @on(OrderShipped)
    def tell_that_it_shipped(event: OrderShipped, notices: NoticesOfOrder, *, at: datetime) -> Outcome: ...

The signature says what is needed: the event, then entities, then (keyword-only) circumstances such as the time or the event's `origin`.
A key may also ask for what an earlier parameter found, by its name: `one(Customer, id=lambda event, claim: claim and claim.customer_id)`.
A reaction is run to its end before anything comes of it, and it may be run again: it asks nobody and tells nobody.
"""

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, TypeVar, get_type_hints

from shared.contracts import Event
from shared.entities import Entity
from shared.outcome import Outcome

Rule = TypeVar("Rule", bound=Callable[..., Outcome])
Key = Callable[..., Any]


@dataclass(frozen=True, slots=True, eq=False)
class Need:
    """Entities found by columns whose values the event tells (and what was found before)."""

    entity: type[Entity]
    columns: tuple[str, ...]
    tell: Key
    asks: tuple[str, ...]  # earlier parameters that the key asks for
    single: bool  # one entity or none; otherwise a list
    several: bool  # the key is a list of keys
    lock: bool

    def key(self, event: Event, found: Mapping[str, Any]) -> Any:
        return self.tell(event, *(found[name] for name in self.asks)) if self.asks else self.tell(event)


def one(entity: type[Entity], *, lock: bool = True, **by: Key) -> Need:
    """The entity that has these values, or None."""
    return need(entity, by, single=True, several=False, lock=lock)


def every(entity: type[Entity], *, lock: bool = True, **by: Key) -> Need:
    """All entities that have these values."""
    return need(entity, by, single=False, several=False, lock=lock)


def among(entity: type[Entity], *, lock: bool = True, **by: Key) -> Need:
    """All entities whose one column has one of the values in this list."""
    return need(entity, by, single=False, several=True, lock=lock)


def need(entity: type[Entity], by: dict[str, Key], *, single: bool, several: bool, lock: bool) -> Need:
    asks = tuple(dict.fromkeys(name for key in by.values() for name in list(inspect.signature(key).parameters)[1:]))
    if len(by) == 1:
        (tell,) = by.values()
    elif asks or several:
        raise TypeError(f"{entity.__name__}: a key that asks for other entities, or is a list, has one column")
    else:
        keys = tuple(by.values())

        def tell(event: Event) -> Any:
            return tuple(key(event) for key in keys)

    return Need(entity, tuple(by), tell, asks, single, several, lock)


@dataclass(frozen=True, slots=True)
class Reaction:
    rule: Callable[..., Outcome]
    needs: Mapping[str, Need]
    stages: tuple[tuple[str, ...], ...]  # names of needs that can be read together; a later stage asks for an earlier one
    circumstances: tuple[str, ...]
    only_read: tuple[str, ...]  # names of needs without a lock

    @classmethod
    def of(cls, rule: Callable[..., Outcome]) -> "Reaction":
        needs: dict[str, Need] = {}
        stage: dict[str, int] = {}
        circumstances = []
        hints = get_type_hints(rule, include_extras=True)
        _, *parameters = inspect.signature(rule).parameters.values()
        for parameter in parameters:
            name, where = parameter.name, f"{rule.__qualname__}: '{parameter.name}'"
            declared = [fact for fact in getattr(hints.get(name), "__metadata__", ()) if isinstance(fact, Need)]
            if parameter.kind is parameter.KEYWORD_ONLY:
                circumstances.append(name)
            elif len(declared) != 1:
                raise TypeError(f"{where} is neither one(...) nor every(...) nor among(...) nor keyword-only")
            elif unknown := set(declared[0].asks) - needs.keys():
                raise TypeError(f"{where} asks for {', '.join(sorted(unknown))}, which is not an earlier parameter")
            else:
                needs[name] = declared[0]
                stage[name] = 1 + max((stage[ask] for ask in declared[0].asks), default=-1)
        stages = tuple(tuple(name for name in needs if stage[name] == n) for n in range(max(stage.values(), default=-1) + 1))
        for earlier, later in pairwise(stages):
            if max(needs[name].entity.__name__ for name in earlier) > min(needs[name].entity.__name__ for name in later):
                raise TypeError(f"{rule.__qualname__}: kinds are locked in the order of their names, and its needs ask for another")
        return cls(rule, needs, stages, tuple(circumstances), tuple(name for name, need in needs.items() if not need.lock))


class Listener:
    """The reactions of a service to one topic. Types nobody reacts to are passed over."""

    def __init__(self, topic: str) -> None:
        self.topic = topic
        self.withdrawal: type[Event] | None = None  # what a null value says
        self.contracts: dict[str, type[Event]] = {}
        self.reactions: dict[type[Event], list[Reaction]] = {}

    def __call__(self, contract: type[Event]) -> Callable[[Rule], Rule]:
        def register(rule: Rule) -> Rule:
            if contract.tombstone:
                self.withdrawal = contract
            else:
                self.contracts[contract.name] = contract
            self.reactions.setdefault(contract, []).append(Reaction.of(rule))
            return rule

        return register
