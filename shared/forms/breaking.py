"""Where a line ends: after a space, a hyphen or any Chinese character, but a line begins with no closing mark; a word longer than a line ends anywhere."""

import unicodedata
from collections.abc import Callable

from shared.forms.glyphs import UNSEEN

BEGINS_NONE = frozenset("，。、；：？！）》」』】〕〉”’…—·%℃,.;:?!)]}")
ENDS_NONE = frozenset("（《「『【〔〈“‘([{$￥")
WIDE = 0x2E80  # from here on one may break nearly everywhere
HYPHENS = frozenset("-/–")


def broken(text: str, width: float, wide: Callable[[str], float]) -> list[str]:
    """The text in lines of at most this width; joined they are the text again. `wide`: how much room a character takes."""
    lines, begins, place, used = list[str](), 0, 0, 0.0  # `place`: the last one where this line may end
    for n, character in enumerate(text):
        room = wide(character)
        if n > begins and may_end(text[n - 1], character):
            place = n
        while used + room > width and n > begins and not character.isspace():  # twice where what goes over is too long itself
            ends = place if place > begins else n
            lines.append(text[begins:ends])
            begins, used = ends, sum(map(wide, text[ends:n]))
        used += room
    return [*lines, text[begins:]]


def may_end(before: str, after: str) -> bool:
    """Between these two?"""
    if before == UNSEEN:
        return True
    if after in BEGINS_NONE or before in ENDS_NONE or after.isspace() or unicodedata.combining(after):
        return False
    return before.isspace() or before in HYPHENS or ord(before) >= WIDE or ord(after) >= WIDE
