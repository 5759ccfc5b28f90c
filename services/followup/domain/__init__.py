"""What follow-up decides: what is told to whom, and what is not told any more."""

from sqlalchemy.orm import registry

from shared.entities import Entity


class Memory(Entity, registry=registry()):
    """Entities of follow-up, in a registry of their own."""
