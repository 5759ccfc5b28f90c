"""How sentences about files of operators name a place in them, and guess what was meant."""

from collections.abc import Sequence
from difflib import get_close_matches

Step = str | int
Where = tuple[Step, ...]


def written(where: Sequence[Step]) -> str:
    """`limits[0].within`"""
    return "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in where).removeprefix(".")


def near(word: str, known: Sequence[str]) -> str:
    """What was meant, or what there is."""
    close = get_close_matches(word, known, 1)
    if close:
        return f'did you mean "{close[0]}"?'
    return f"there {'is' if len(known) == 1 else 'are'} {', '.join(known)}" if known else "nothing belongs in this table"
