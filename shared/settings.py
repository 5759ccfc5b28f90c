"""What a process is told by its environment: variables that begin with `CARELOOP_`, or files of the same names in `CARELOOP_SECRETS`."""

import os
import re
from datetime import timedelta
from importlib.metadata import version
from pathlib import Path
from typing import Any, Literal, Self

from pydantic import Field, ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from shared.dsn import assembled

VERSION = version("careloop")


class SettingsError(Exception):
    """The environment is not enough to start with; the text is the sentence for whoever starts us."""


class ServiceSettings(BaseSettings):
    """What every service needs; a service that needs more adds to it."""

    model_config = SettingsConfigDict(env_prefix="CARELOOP_", extra="ignore", frozen=True)

    database: str = Field("", repr=False, description="postgresql://role:password@host:port/database, the service's own database")
    owner_database: str = Field("", repr=False, description="the same database as its owner, for migrations")
    database_host: str = Field("", description="where the database is, in the place of CARELOOP_DATABASE; its parts are put together")
    database_port: int = Field(5432, ge=1, le=65535, description="its port")
    database_name: str = Field("", description="its name")
    database_username: str = Field("", description="the runtime role")
    database_password: str = Field("", repr=False, description="its password, of any characters")
    owner_database_host: str = Field("", description="the same for its owner, in the place of CARELOOP_OWNER_DATABASE")
    owner_database_port: int = Field(5432, ge=1, le=65535, description="its port")
    owner_database_name: str = Field("", description="its name")
    owner_database_username: str = Field("", description="the owner")
    owner_database_password: str = Field("", repr=False, description="the owner's password")
    kafka: str = Field("", description="host:port of the brokers, separated by commas")
    kafka_security: Literal["PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"] = Field(
        "PLAINTEXT", description="how they are spoken with: PLAINTEXT, SSL, SASL_PLAINTEXT or SASL_SSL"
    )
    kafka_mechanism: Literal["SCRAM-SHA-512", "SCRAM-SHA-256", "PLAIN"] = Field(
        "SCRAM-SHA-512", description="of SASL: SCRAM-SHA-512, SCRAM-SHA-256 or PLAIN"
    )
    kafka_username: str = Field("", description="who we are to Kafka, with SASL")
    kafka_password: str = Field("", repr=False, description="the password to that")
    kafka_ca: str = Field("", description="a file with the certificate that signed the brokers'; the public ones if not given")
    kafka_certificate: str = Field("", description="a file with our certificate, with SSL")
    kafka_key: str = Field("", description="a file with its private key")
    host: str = Field("127.0.0.1", description="the address to listen on")
    port: int = Field(8080, ge=0, le=65535, description="the port of the HTTP API")
    ops_port: int = Field(9090, ge=0, le=65535, description="the port of probes and metrics")
    slot: int = Field(0, ge=0, description="the number of this worker among its like; never two alive with one number")
    config: Path = Field(Path("/etc/careloop"), description="the folder with sources.toml, units.toml and issuers.toml")
    issuer: str = Field("", description="who signs the tokens, as it stands in their claim `iss`")
    jwks: str = Field("", description="where the issuer's keys are: an address or a file; where its discovery says if not given")
    audience: str = Field("careloop", description="whom the tokens are for, as it stands in their claim `aud`")
    limit_read: str = Field(
        "600/minute", description="what one person may read, such as 600/minute, in each process; off: as much as they like"
    )
    limit_write: str = Field("300/minute", description="the same for what changes something")
    limit_search: str = Field("300/minute", description="the same for registers that are asked with filters")
    limit_export: str = Field("30/hour", description="the same for exports")
    limit_sensitive: str = Field("60/hour", description="the same for unmasking, disclosures and erasures")
    limit_integration: int = Field(
        50, ge=1, description="how many times as much the role integration may ask, but not of what is sensitive"
    )
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

    @field_validator("limit_read", "limit_write", "limit_search", "limit_export", "limit_sensitive")
    @classmethod
    def _can_be_counted(cls, told: str) -> str:
        if told != "off" and not re.fullmatch(r"[1-9][0-9]{0,8}/([1-9][0-9]{0,3} )?(second|minute|hour|day)", told):
            raise ValueError("write it as 600/minute, 5/10 second or off")
        return told

    @model_validator(mode="before")
    @classmethod
    def _addresses_of_their_parts(cls, told: dict[str, Any]) -> dict[str, Any]:
        return assembled(told)

    @model_validator(mode="after")
    def _kafka_knows_who_we_are(self) -> Self:
        if self.kafka_security.startswith("SASL") and not (self.kafka_username and self.kafka_password):
            raise ValueError(f"CARELOOP_KAFKA_SECURITY is {self.kafka_security} and needs CARELOOP_KAFKA_USERNAME and _PASSWORD")
        if bool(self.kafka_certificate) != bool(self.kafka_key):
            raise ValueError("CARELOOP_KAFKA_CERTIFICATE and CARELOOP_KAFKA_KEY stand together or not at all")
        for name in ("kafka_ca", "kafka_certificate", "kafka_key"):
            if (file := getattr(self, name)) and not Path(file).is_file():
                raise ValueError(f"CARELOOP_{name.upper()} names {file}, which is no file")
        return self

    @model_validator(mode="after")
    def _the_clock_is_moved_in_development_only(self) -> Self:
        if self.clock_offset and self.environment == "production":
            raise ValueError("CARELOOP_CLOCK_OFFSET is for CARELOOP_ENVIRONMENT=development only")
        return self


def _sentence(settings: type[ServiceSettings], name: str, complaint: str) -> str:
    field = settings.model_fields.get(name)
    meaning = f" It is {field.description}." if field and field.description else ""
    joint = " " if complaint.startswith("is ") else ": "
    return f"CARELOOP_{name.upper()}{joint}{complaint}.{meaning}"
