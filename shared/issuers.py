"""Whose tokens are believed: `issuers.toml`, read at the start, and the one issuer of CARELOOP_ISSUER beside it.

[issuers.staff]
issuer = "https://id.example.com/realms/care"
roles_claim = "resource_access.careloop.roles"
role_map = { "care-agent" = ["specialist"] }
"""

import tomllib
from collections.abc import Mapping, Sequence
from ipaddress import ip_address
from pathlib import Path
from typing import Annotated, Any, Literal, Self
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError, field_validator, model_validator

from shared.health import Health
from shared.jwks import Whereabouts
from shared.keys import Keys
from shared.permissions import ROLES
from shared.settings import ServiceSettings, SettingsError

Claim = Literal["iss", "aud", "sub", "exp", "nbf", "iat"]
Algorithm = Literal["RS256", "ES256", "EdDSA", "Ed25519"]  # the last two are one; issuers use either name
ALGORITHMS: tuple[Algorithm, ...] = ("RS256", "ES256", "EdDSA", "Ed25519")
REQUIRED: tuple[Claim, ...] = ("iss", "aud", "sub", "exp", "nbf")
ALWAYS = ("iss", "aud", "sub", "exp")  # only `nbf` can be let off: not every provider says when a token begins
ALONE = "idp"  # the name of the issuer that the environment names
Name = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_-]{0,31}$")]
Text = Annotated[str, StringConstraints(min_length=1, max_length=500)]


class Issuer(BaseModel):
    """One that signs tokens for us: where its keys are, what it may sign with, and how its words become ours."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    issuer: Text
    audience: Text = "careloop"
    jwks: Text | None = None  # an address or a file; found by OIDC discovery where nothing is said
    ca: Path | None = None  # certificates to trust its address by, instead of the public ones
    bearer: Path | None = None  # a file with the token that its key set asks for, as a cluster's does
    algorithms: Annotated[list[Algorithm], Field(min_length=1)] = list(ALGORITHMS)
    require: list[Claim] = list(REQUIRED)
    subject_claim: Text = "sub"
    roles_claim: Text = "roles"
    units_claim: Text = "units"
    posts_claim: Text = "posts"
    role_map: dict[str, list[str]] | None = None  # their role → ours; where it stands, nothing else counts
    subject_map: dict[str, list[str]] = {}  # `sub` → roles, for those whose tokens have none
    units: list[str] = []  # for tokens without the claim

    @field_validator("require")
    @classmethod
    def _the_rest_is_not_let_off(cls, require: list[Claim]) -> list[Claim]:
        if missing := sorted(set(ALWAYS) - set(require)):
            raise ValueError(f"{', '.join(missing)} can't be left out; only nbf can")
        return require

    @field_validator("role_map", "subject_map")
    @classmethod
    def _roles_are_ours(cls, told: dict[str, list[str]] | None) -> dict[str, list[str]] | None:
        if unknown := sorted({role for roles in (told or {}).values() for role in roles} - ROLES):
            raise ValueError(f"there is no role {unknown[0]}; the roles are {', '.join(sorted(ROLES))}")
        return told

    @model_validator(mode="after")
    def _can_be_found(self) -> Self:
        if self.jwks is None and not self.issuer.startswith(("https://", "http://")):
            raise ValueError("jwks is missing: the issuer is no address, so its keys can't be found by it")
        return self

    def roles(self, claims: Mapping[str, Any]) -> frozenset[str]:
        theirs = codes(found(claims, self.roles_claim))
        ours = theirs if self.role_map is None else (role for name in theirs for role in self.role_map.get(name, ()))
        return (frozenset(ours) | frozenset(self.subject_map.get(claims["sub"], ()))) & ROLES

    def units_of(self, claims: Mapping[str, Any]) -> tuple[str, ...]:
        """Those of the claim; `units` of this issuer only where there is none, for whoever has lost their last unit has none."""
        return tuple(codes(found(claims, self.units_claim, otherwise=self.units)))


def found(claims: Any, path: str, otherwise: Any = None) -> Any:
    """The claim of this name, or at this dotted path. Names have dots of their own, so the longest that is there goes first."""
    if not isinstance(claims, dict):
        return otherwise
    if path in claims:
        return claims[path]
    for at in reversed([at for at, sign in enumerate(path) if sign == "."]):
        if path[:at] in claims:
            return found(claims[path[:at]], path[at + 1 :], otherwise)
    return otherwise


def codes(claim: object) -> list[str]:
    return [it for it in claim if isinstance(it, str)] if isinstance(claim, list) else []


class Register(BaseModel):
    model_config = ConfigDict(extra="forbid")
    issuers: dict[Name, Issuer]


def known(settings: ServiceSettings, units: Sequence[str] | None = None) -> dict[str, Issuer]:
    """All issuers by the names that operators know them by. A mistake is one sentence, and the process does not start."""
    file = settings.config / "issuers.toml"
    issuers: dict[str, Issuer] = dict(read(file)) if file.exists() else {}
    if settings.issuer:
        issuers[ALONE] = from_environment(settings)
    if not issuers:
        raise SettingsError(
            f"CARELOOP_ISSUER is missing, and there is no {file}: one of them has to say whose tokens are believed, who signs them (`iss`)."
        )
    seen: dict[str, str] = {}
    for name, it in issuers.items():
        if (other := seen.setdefault(it.issuer, name)) != name:
            raise SettingsError(f"{place(file, name, 'issuer')} is the same as that of {other}; an issuer stands there once.")
        if units is not None and (unknown := [unit for unit in it.units if unit not in (*units, "*")]):
            raise SettingsError(
                f"{place(file, name, 'units')}: there is no unit {unknown[0]}; units.toml has {', '.join(units)}, and * is all."
            )
        if settings.environment == "production" and (why := unsafe(it)):
            raise SettingsError(f"{place(file, name, why[0])} {why[1]}, which is for CARELOOP_ENVIRONMENT=development only.")
        for key, needed in (("ca", it.ca), ("bearer", it.bearer)):
            if needed and not needed.is_file():
                raise SettingsError(f"{place(file, name, key)} names {needed}, which is no file.")
    return issuers


def idp(name: str) -> str:
    """How an issuer is called among the dependencies."""
    return name if name == ALONE else f"{ALONE}:{name}"


def with_keys(issuers: Mapping[str, Issuer], health: Health) -> list[tuple[Issuer, Keys]]:
    """Each with a place for its keys; how it is stands in `/healthz`."""
    return [
        (
            it,
            Keys(Whereabouts(it.jwks or "", it.issuer, it.ca, it.bearer), idp=health.dependency(idp(name))),
        )
        for name, it in issuers.items()
    ]


def read(file: Path) -> dict[str, Issuer]:
    try:
        told = Register.model_validate(tomllib.loads(file.read_text(encoding="utf-8"))).issuers
    except OSError as error:
        raise SettingsError(f"{file} can't be read: {error.strerror or type(error).__name__}.") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingsError(f"{file} can't be used: {error}.") from None
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        where = ".".join(str(it) for it in first["loc"] if it != "[key]")
        allowed = f" The keys are {', '.join(Issuer.model_fields)}." if first["type"] == "extra_forbidden" and len(first["loc"]) > 2 else ""
        said = "there is no such key" if first["type"] == "extra_forbidden" else first["msg"].removeprefix("Value error, ")
        raise SettingsError(f"{file} can't be used: {where}: {said}.{allowed}") from None
    if ALONE in told:
        raise SettingsError(f"{file} can't be used: issuers.{ALONE}: this name is for the issuer of CARELOOP_ISSUER; take another.")
    return told


def from_environment(settings: ServiceSettings) -> Issuer:
    try:
        return Issuer(issuer=settings.issuer, audience=settings.audience, jwks=settings.jwks or None)
    except ValidationError as error:
        raise SettingsError(f"CARELOOP_ISSUER: {error.errors()[0]['msg'].removeprefix('Value error, ')}.") from None


def place(file: Path, name: str, key: str) -> str:
    return f"CARELOOP_{key.upper()}" if name == ALONE else f"{file}: issuers.{name}.{key}"


def unsafe(issuer: Issuer) -> tuple[str, str] | None:
    """The development issuer signs for whoever asks, and on plain HTTP anybody between us can put a key of their own."""
    for key, told in (("issuer", issuer.issuer), ("jwks", issuer.jwks or "")):
        if told.startswith("http://"):
            return key, "is on plain HTTP"
        if told.startswith("https://") and loopback(urlsplit(told).hostname or ""):
            return key, "is on this machine itself"
    return None


def loopback(host: str) -> bool:
    try:
        address = ip_address(host)
    except ValueError:
        return host.rstrip(".").lower().endswith("localhost")
    return address.is_loopback or address.is_unspecified
