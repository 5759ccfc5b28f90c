"""What reception decides."""

from sqlalchemy.orm import registry

from shared.entities import Entity


class Memory(Entity, registry=registry()):
    """Entities of reception, in a registry of their own."""
