"""What the customer file decides: who is who, where they can be reached, and how their orders stand."""

from typing import Any

from sqlalchemy.orm import registry

from shared.entities import Entity


class Memory(Entity, registry=registry()):
    """Entities of the customer file, in a registry of their own."""

    def put(self, **values: Any) -> list[str]:
        """Sets what differs, and says what did: a row that says the same as before is not written."""
        row = self.__dict__  # read straight from it, for this is done for every column with every event
        differing = [name for name, value in values.items() if name not in row or row[name] != value]
        for name in differing:
            setattr(self, name, values[name])
        return differing
