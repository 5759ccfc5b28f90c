"""The records of a run: every kind of change on every type of event, made of a seed alone, with sound ones between them.

Each is made of the seed and its own number, so that one can be made again without the others.
"""

import json
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from random import Random

from shared.topics import TOPICS
from tests.fuzz import attributes, places, shapes, syntax, values
from tests.fuzz.changing import KINDS, LAST, Change, Fate
from tests.fuzz.draft import TYPES, WITHDRAWN, Draft, draft

ROOMS = shapes, values, syntax, attributes, places  # that they are imported fills KINDS
NAMES = tuple(KINDS)
SOUND_EVERY = 20
MORE = 0.12  # how often more than one thing is done to a record
SOUND = "sound"


@dataclass
class Sent:
    """A record and what is known of it."""

    name: str  # how it is called in a report: 17, 17b for its twin, s3 for a sound one
    draft: Draft
    kinds: tuple[str, ...]
    at: tuple[str, ...]
    fate: Fate
    partition: int
    offset: int | None = None  # where the broker put it
    sound: bool = False
    says: tuple[str, str] | None = field(init=False)  # source and id, as any reader of the agreement would find them

    def __post_init__(self) -> None:
        self.says = None if self.is_null else said_by(self.draft)

    @property
    def topic(self) -> str:
        return self.draft.topic

    @property
    def is_null(self) -> bool:
        """Where a null value means something, its place is its name."""
        return self.draft.wire() is None and TOPICS[self.draft.topic].compacted

    @property
    def place(self) -> tuple[str, int, int | None]:
        return self.topic, self.partition, self.offset

    @property
    def kind(self) -> str:
        return self.kinds[0] if len(self.kinds) == 1 else "several at once" if self.kinds else SOUND

    def __str__(self) -> str:
        value = self.draft.wire()
        shown = "null" if value is None else f"{len(value)} bytes {value[:120]!r}"
        return f"{self.name} {self.draft.type} on {self.topic} [{', '.join(self.kinds) or SOUND}] at {', '.join(self.at)[:120]}: {shown}"[
            :400
        ]


def said_by(it: Draft) -> tuple[str, str] | None:
    try:
        told = {name: value or b"" for name, value in it.headers}
        if told.get("content-type", b"").lower().startswith(b"application/cloudevents"):
            event = json.loads(it.wire() or b"")
            source, id = event["source"], event["id"]
        else:
            source, id = told["ce_source"].decode(), told["ce_id"].decode()
        (source + id).encode()
    except (KeyError, ValueError, TypeError, AttributeError, RecursionError):
        return None
    return source, id


def stream(seed: int, count: int) -> Iterator[Sent]:
    """So many changed records with their twins; sound ones between them, and one at the very end of each partition."""
    told = 0
    for number in range(count):
        yield from made(seed, number)
        if number % SOUND_EVERY == SOUND_EVERY - 1:
            yield sound(seed, told, TYPES[told % len(TYPES)], told // len(TYPES))
            told += 1
    for topic in TOPICS.values():
        if topic.inbound:
            kinds = [type for type in TYPES if type != WITHDRAWN and draft("", 0, type, customer="").topic == topic.name]
            for partition in range(topic.partitions):
                yield sound(seed, told, kinds[partition % len(kinds)], partition)
                told += 1


def made(seed: int, number: int) -> list[Sent]:
    """The record of this number, and what follows it at once."""
    chance = Random(f"{seed}:{number}")
    wanted = wanted_alone(number)
    if chance.random() < MORE:
        wanted += chance.sample(NAMES, chance.choice((1, 1, 2, 3)))
    wanted = sorted(dict.fromkeys(wanted), key=LAST.__contains__)
    first = number + number // len(NAMES) * 5
    for turn in range(2 * len(TYPES)):
        type = TYPES[(first + turn) % len(TYPES)]
        last_try = turn >= len(TYPES)
        required = chance.random() < 0.25 and not last_try
        if sent := changed(seed, number, type, wanted_alone(number) if last_try else wanted, chance, required=required):
            return sent
    raise AssertionError(f"{NAMES[number % len(NAMES)]} can be done to no event")


def wanted_alone(number: int) -> list[str]:
    """Where the sample is too short, or what else was done leaves nothing to do."""
    return [NAMES[number % len(NAMES)]]


def changed(seed: int, number: int, type: str, wanted: list[str], chance: Random, *, required: bool) -> list[Sent]:
    """Nothing where its own kind has nothing to change in this one."""
    customer = f"{run_of(seed)}-{number - number % 8 + chance.randrange(2)}"  # neighbours speak of one customer ...
    if chance.random() < 0.3 and not type.startswith("customer."):  # ... or of one who is declared as they should be, and hears of it
        customer = declared(seed, number // SOUND_EVERY)
    it = draft(run_of(seed), number, type, customer=customer, required=required)
    done: dict[str, Change] = {}
    for name in wanted:
        if change := KINDS[name](it, chance):
            done[name] = change
    if NAMES[number % len(NAMES)] not in done:
        return []
    topic = TOPICS[it.topic]
    if topic.compacted and it.key is None:
        it.key = b""  # the broker takes none without
    alone = len(done) == 1
    change = next(iter(done.values()))
    at, fate = (change.at, change.fate) if alone else (("*", "", "key", places.TOPIC), Fate.EITHER)
    twins, it.twins = it.twins, []
    sent = [Sent(str(number), it, tuple(done), at, fate, number % topic.partitions)]
    for letter, twin in zip("bcd", twins, strict=False):
        sent.append(
            Sent(f"{number}{letter}", twin, tuple(done), at, Fate.HANDLED if alone else Fate.EITHER, number % TOPICS[twin.topic].partitions)
        )
    return sent


def sound(seed: int, number: int, type: str, partition: int) -> Sent:
    """Nothing is wrong with it: who does not handle it was kept from it by something else."""
    it = draft(f"{run_of(seed)}s", number, type, customer=declared(seed, number))
    return Sent(f"s{number}", it, (), (), Fate.HANDLED, partition % TOPICS[it.topic].partitions, sound=True)


def declared(seed: int, number: int) -> str:
    """The customer of whom sound records speak, each type once."""
    return f"{run_of(seed)}s-{number // len(TYPES)}"


def run_of(seed: int) -> str:
    return f"z{zlib.crc32(str(seed).encode()):x}"
