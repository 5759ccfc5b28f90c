"""How content a customer is: in words, and where they gave one, as a score of five.  FLUP-08, D-30"""

from shared.contracts.followup import Satisfaction
from shared.errors import Invalid


class ContradictingScore(Invalid):
    """The score says something else than the word: 5 and 4 are satisfied, 3 is fair, 2 and 1 are dissatisfied."""


def satisfaction_of(score: int) -> Satisfaction:
    if score == 3:
        return Satisfaction.FAIR
    return Satisfaction.SATISFIED if score > 3 else Satisfaction.DISSATISFIED


def refuse_contradictions(satisfaction: Satisfaction, score: int | None) -> None:
    if score is not None and satisfaction_of(score) is not satisfaction:
        raise ContradictingScore(field="/score")
