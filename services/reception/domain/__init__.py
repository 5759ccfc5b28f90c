"""What reception decides: how a visit goes on, what becomes of a question, and which calls were answered late."""

from sqlalchemy.orm import registry

from shared.entities import Entity


class Memory(Entity, registry=registry()):
    """Entities of reception, in a registry of their own."""
