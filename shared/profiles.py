"""Trade profiles: the numbers of the business, one TOML file a trade and service (`services/<service>/profiles/<profile>.toml`), checked at start."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Generic, TypeVar

from pydantic import BaseModel, ValidationError

from shared.units import Unit, Units

Part = TypeVar("Part", bound=BaseModel)


@dataclass(frozen=True, slots=True)
class Trade(Generic[Part]):
    """The units of the company, each with a service's part of its profile."""

    units: Units
    policies: Mapping[str, Part]  # by name of the profile

    def unit(self, name: str) -> Unit:
        return self.units[name]

    def policy(self, unit: str) -> Part:
        return self.policies[self.units[unit].profile]


def read(folder: Path, part: type[Part], units: Units) -> Trade[Part]:
    """The profiles of all units, or one sentence about what is wrong with one of them."""
    policies = {}
    for profile in {unit.profile for unit in units.units.values()}:
        file = folder / f"{profile}.toml"
        try:
            policies[profile] = part.model_validate(tomllib.loads(file.read_text(encoding="utf-8")))
        except (OSError, tomllib.TOMLDecodeError, ValidationError) as error:
            raise SystemExit(f"{file} can't be used as a trade profile: {error}") from error
    return Trade(units, policies)
