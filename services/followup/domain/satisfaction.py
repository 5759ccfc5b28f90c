"""How content a customer is: in words, and where they gave one, as a score of five.  FLUP-08, D-30"""

import re
from collections.abc import Iterable

from shared.contracts.followup import Satisfaction
from shared.errors import Invalid

MOST_ASPECTS = 20
is_a_code = re.compile(r"[a-z0-9][a-z0-9_-]{0,31}").fullmatch
names_a_thing = re.compile(r"[a-z][a-z_]{0,31}:\S{1,64}").fullmatch


def codes_in(aspects: Iterable[str] | None) -> list[str]:
    """Of what a customer spoke, as codes. Whatever else stands there may be words, which belong in no event."""
    return [it for it in dict.fromkeys(aspects or ()) if is_a_code(it)][:MOST_ASPECTS]


def thing_in(about: str | None) -> str | None:
    """What it is about, `order:<id>`; words name nothing."""
    return about if about and names_a_thing(about) else None


class ContradictingScore(Invalid):
    """The score says something else than the word: 5 and 4 are satisfied, 3 is fair, 2 and 1 are dissatisfied."""

    fix = "Mend the score or the word, or leave the score out."


def satisfaction_of(score: int) -> Satisfaction:
    if score == 3:
        return Satisfaction.FAIR
    return Satisfaction.SATISFIED if score > 3 else Satisfaction.DISSATISFIED


def refuse_contradictions(satisfaction: Satisfaction, score: int | None) -> None:
    if score is not None and satisfaction_of(score) is not satisfaction:
        raise ContradictingScore(field="/score")
