"""What comes of a rule: entities to remember, entities to forget, events to announce, in the order they came about.

A rule returns a list. (A generator that is called and not iterated does nothing, silently.)
"""

from dataclasses import dataclass

from shared.contracts import Event
from shared.entities import Entity


@dataclass(frozen=True, slots=True)
class Gone:
    """This entity should never have been: it is removed."""

    entity: Entity


Outcome = list[Entity | Event | Gone]
