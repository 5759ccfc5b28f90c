"""Which faults come when: nothing but a function of the seed, so that a run can be played again."""

import random
from dataclasses import dataclass

WORKERS = "followup-0", "followup-1"
PROCESSES = (*WORKERS, "followup-api", "complaints", "complaints-api", "customers", "customers-api", "reception", "reception-api")
ENOUGH = 50  # faults from which on each kind comes twice at least
AGREED = "PT4M"  # clocks may differ by five minutes: what an event's time may be ahead of us


@dataclass(frozen=True, slots=True, order=True)
class Fault:
    """`at`: seconds after the load began; `lasts`: seconds until it is mended; `how`: which of several ways."""

    at: float
    kind: str
    victim: str
    lasts: float = 0.0
    how: str = ""

    def __str__(self) -> str:
        how, lasts = f" ({self.how})" if self.how else "", f" for {self.lasts:.0f} s" if self.lasts else ""
        return f"{self.kind} {self.victim}{how}{lasts}"


@dataclass(frozen=True, slots=True)
class Kind:
    """`share`: how often, beside others. `rest`: seconds in which its victim is let alone afterwards. `until`: the part of the run by which it begins."""

    victims: tuple[str, ...]
    share: int
    lasts: tuple[float, float] = (0.0, 0.0)
    hows: tuple[str, ...] = ("",)
    rest: float = 4.0
    until: float = 1.0


KINDS = {
    "kill": Kind(PROCESSES, 18),
    "restart": Kind(PROCESSES, 6),  # asked to end, as in a rollout
    "freeze": Kind(WORKERS, 3, (12.0, 14.0), rest=8.0),  # longer than its session: the group goes on without it, and then it is back
    "crash postgres": Kind(("postgres",), 4, (0.5, 2.0)),
    "pause postgres": Kind(("postgres",), 2, (3.0, 7.0)),
    "cut connections": Kind(("postgres",), 4, rest=1.0),
    "fill disk": Kind(("postgres",), 2, (5.0, 7.0), ("data", "wal"), rest=8.0, until=0.9),
    "crash broker": Kind(("broker",), 3, (0.5, 2.0), rest=8.0),
    "restart broker": Kind(("broker",), 2, (1.0, 3.0), rest=8.0),
    "pause broker": Kind(("broker",), 2, (5.0, 18.0), rest=8.0, until=0.9),
    "third worker": Kind(("followup-2",), 3, (6.0, 12.0)),  # two rebalances: it joins and leaves
    "slow gateway": Kind(("gateway",), 3, (6.0, 12.0)),
    "lying gateway": Kind(("gateway",), 3, (6.0, 12.0)),
    "no gateway": Kind(("gateway",), 3, (4.0, 8.0)),
    "other clock": Kind((*WORKERS, "customers"), 3, (10.0, 15.0), (AGREED, f"-{AGREED}"), until=0.4),  # what is written ahead waits as long
    "other version": Kind(WORKERS, 2, (15.0, 20.0)),
}


def schedule(seed: int, seconds: float, count: int) -> list[Fault]:
    """Spread over the time, in no order; a victim has one fault at a time."""
    chance = random.Random(seed)
    deck = shuffled(chance, count)
    turns = {name: chance.sample(kind.victims, len(kind.victims)) for name, kind in KINDS.items()}
    hows = {name: list(kind.hows) for name, kind in KINDS.items()}
    free = dict.fromkeys((victim for kind in KINDS.values() for victim in kind.victims), 0.0)
    faults: list[Fault] = []
    step = seconds / max(count, 1)
    for number in range(count):
        at = (number + chance.random() * 0.8) * step
        name = next((it for it in deck if any(free[victim] <= at for victim in KINDS[it].victims)), deck[0])
        deck.remove(name)
        kind, turn = KINDS[name], turns[name]
        victim = next((it for it in turn if free[it] <= at), min(turn, key=free.__getitem__))
        turn.append(turn.pop(turn.index(victim)))  # the next time it is another's turn
        hows[name].append(how := hows[name].pop(0))
        at, lasts = max(at, free[victim]), chance.uniform(*kind.lasts)
        free[victim] = at + lasts + kind.rest
        faults.append(Fault(round(at, 1), name, victim, round(lasts, 1), how))
    return sorted(faults)


def shuffled(chance: random.Random, count: int) -> list[str]:
    """As many of each kind as its share says; those that have to come early stand in the first part."""
    least, shares = (2 if count >= ENOUGH else 0), sum(kind.share for kind in KINDS.values())
    deck = [name for name, kind in KINDS.items() for _ in range(max(least, kind.share * count // shares))]
    while len(deck) > count:
        deck.remove(max(KINDS, key=deck.count))
    deck += ["kill"] * (count - len(deck))
    chance.shuffle(deck)
    for name in sorted({it for it in deck if KINDS[it].until < 1}, key=lambda it: -KINDS[it].until):
        places = chance.sample(range(int(count * KINDS[name].until * 0.9)), deck.count(name))
        deck = [it for it in deck if it != name]
        for place in sorted(places):
            deck.insert(place, name)
    return deck
