"""What a process is told by its environment: variables that begin with `CARELOOP_`, or files of the same names in `CARELOOP_SECRETS`."""

import os
from datetime import timedelta
from importlib.metadata import version
from pathlib import Path
from typing import Literal, Self

from pydantic import Field, ValidationError, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

VERSION = version("careloop")


class SettingsError(Exception):
    """The environment is not enough to start with; the text is the sentence for whoever starts us."""


class ServiceSettings(BaseSettings):
    """What every service needs; a service that needs more adds to it."""

    model_config = SettingsConfigDict(env_prefix="CARELOOP_", extra="ignore", frozen=True)

    database: str = Field("", repr=False, description="postgresql://role:password@host:port/database, the service's own database")
    owner_database: str = Field("", repr=False, description="the same database as its owner, for migrations")
    kafka: str = Field("", description="host:port of the brokers, separated by commas")
    host: str = Field("127.0.0.1", description="the address to listen on")
    port: int = Field(8080, ge=0, le=65535, description="the port of the HTTP API")
    ops_port: int = Field(9090, ge=0, le=65535, description="the port of probes and metrics")
    slot: int = Field(0, ge=0, description="the number of this worker among its like; never two alive with one number")
    config: Path = Field(Path("/etc/careloop"), description="the folder with sources.toml and units.toml")
    issuer: str = Field("", description="who signs the tokens, as it stands in their claim `iss`")
    jwks: str = Field("", description="where the issuer's keys are: an address or a file; <issuer>/jwks if not given")
    audience: str = Field("careloop", description="whom the tokens are for, as it stands in their claim `aud`")
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field("INFO", description="DEBUG, INFO, WARNING or ERROR")
    clock_offset: timedelta = Field(timedelta(), description="how far now is moved, an ISO 8601 duration; development only")
    environment: Literal["development", "production"] = Field("production", description="development or production")

    @classmethod
    def read(cls, *needed: str) -> Self:
        """The settings, or one sentence about the first thing that is wrong. `needed` are the fields this process can't do without."""
        secrets = os.environ.get("CARELOOP_SECRETS")
        if secrets and not Path(secrets).is_dir():
            raise SettingsError(f"CARELOOP_SECRETS names {secrets}, which is no folder.")
        try:
            settings = cls(_secrets_dir=secrets or None)
        except ValidationError as error:
            wrong = error.errors(include_url=False, include_input=False)[0]
            said = wrong["msg"].removeprefix("Value error, ")
            raise SettingsError(_sentence(cls, str(wrong["loc"][0]), said) if wrong["loc"] else f"{said}.") from None
        for name in needed:
            if not getattr(settings, name):
                raise SettingsError(_sentence(cls, name, "is missing"))
        return settings

    @model_validator(mode="after")
    def _the_clock_is_moved_in_development_only(self) -> Self:
        if self.clock_offset and self.environment == "production":
            raise ValueError("CARELOOP_CLOCK_OFFSET is for CARELOOP_ENVIRONMENT=development only")
        return self

    @property
    def keys(self) -> str:
        """Where the issuer's keys are."""
        return self.jwks or f"{self.issuer.rstrip('/')}/jwks"


def _sentence(settings: type[ServiceSettings], name: str, complaint: str) -> str:
    field = settings.model_fields.get(name)
    meaning = f" It is {field.description}." if field and field.description else ""
    joint = " " if complaint.startswith("is ") else ": "
    return f"CARELOOP_{name.upper()}{joint}{complaint}.{meaning}"
