"""The chats of units and roles, from `chats.toml` in the operator's folder. Their addresses are secrets: they stand in files or variables, not here.

[chats."headquarters.supervisor"]          # a role in a unit; "headquarters": the whole unit; "*.supervisor": the role in any unit
kind = "wecom"                             # wecom, dingtalk, feishu, slack, teams, generic
url_secret = "chat_headquarters"           # CARELOOP_CHAT_HEADQUARTERS, or the file careloop_chat_headquarters in CARELOOP_SECRETS
"""

import os
import tomllib
from collections.abc import Collection, Mapping
from ipaddress import ip_address
from pathlib import Path
from typing import Literal, Self, get_args
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from services.followup.domain.audience import ANYWHERE
from shared.permissions import ROLES
from shared.units import first_line

FILE = "chats.toml"
Kind = Literal["wecom", "dingtalk", "feishu", "slack", "teams", "generic"]
KINDS: tuple[Kind, ...] = get_args(Kind)
LARGEST: Mapping[Kind, int] = {
    "wecom": 2048,
    "dingtalk": 16_000,
    "feishu": 16_000,
    "slack": 12_000,
    "teams": 16_000,
    "generic": 16_000,
}  # bytes
PER_MINUTE: Mapping[Kind, int] = {"wecom": 20, "dingtalk": 20, "feishu": 100, "slack": 60, "teams": 60, "generic": 60}
SIGNED = frozenset(("dingtalk", "feishu", "generic"))


class NoChat(SystemExit):
    """The file can't be used; the text is the sentence for whoever starts us."""


class Chat(BaseModel):
    """One of them, as it is written."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    kind: Kind
    url: str | None = Field(None, repr=False)  # on this machine only, where it is no secret
    url_secret: str | None = Field(None, pattern=r"^[a-z0-9_]{1,100}$")
    signing_secret: str | None = Field(None, pattern=r"^[a-z0-9_]{1,100}$")
    per_minute: int | None = Field(None, ge=1, le=600)

    @model_validator(mode="after")
    def has_one_address(self) -> Self:
        if bool(self.url) is bool(self.url_secret):
            raise ValueError("either url_secret names its address, or url has it (on this machine only)")
        if self.url and not is_here(self.url):
            raise ValueError("an address that is not on this machine is a secret: let url_secret name it")
        if self.signing_secret and self.kind not in SIGNED:
            raise ValueError(f"{self.kind} signs nothing")
        return self

    @property
    def most_in_a_minute(self) -> int:
        return self.per_minute or PER_MINUTE[self.kind]


class Written(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)
    chats: dict[str, Chat] = {}


class Address(BaseModel):
    """Where a chat is posted to; never shown."""

    model_config = ConfigDict(frozen=True)
    chat: Chat
    url: str = Field(repr=False)
    secret: str | None = Field(None, repr=False)


def read(config: Path | None, units: Collection[str], *, development: bool = False) -> dict[str, Address]:
    """By their names; none where there is no file."""
    file = config / FILE if config else None
    if file is None or not file.exists():
        return {}
    try:
        written = Written.model_validate(tomllib.loads(file.read_text(encoding="utf-8")))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError, ValidationError) as error:
        raise NoChat(
            f"{file} can't be used: {first_line(error)}. It names the chats in which staff are told; mend it and start again."
        ) from None
    return {name: address(file, name, it, units, development=development) for name, it in written.chats.items()}


def address(file: Path, name: str, chat: Chat, units: Collection[str], *, development: bool) -> Address:
    def mistake(said: str) -> NoChat:
        return NoChat(
            f'{file} can\'t be used: [chats."{name}"] {said}. It names the chats in which staff are told; mend it and start again.'
        )

    if (wrong := wrong_name(name, units)) is not None:
        raise mistake(wrong)
    url = chat.url or secret(chat.url_secret)
    if not url:
        raise mistake(f"its address is missing: CARELOOP_{(chat.url_secret or '').upper()}, or a file of that name in CARELOOP_SECRETS")
    parts = urlsplit(url)
    if not parts.hostname or (parts.scheme != "https" and not (development and is_here(url))):
        raise mistake("its address is no https address")
    key = secret(chat.signing_secret)
    if chat.signing_secret and not key:
        raise mistake(f"its key is missing: CARELOOP_{chat.signing_secret.upper()}, or a file of that name in CARELOOP_SECRETS")
    return Address(chat=chat, url=url, secret=key)


def wrong_name(name: str, units: Collection[str]) -> str | None:
    """A unit's own name may have a dot, so it is looked for as a whole first."""
    if name in units:
        return None
    unit, _, role = name.rpartition(".")
    if unit != ANYWHERE and unit not in units:
        return f"names no unit of units.toml: it is <unit>, <unit>.<role> or {ANYWHERE}.<role>"
    return None if role in ROLES else f"names no role: they are {', '.join(sorted(ROLES))}"


def secret(name: str | None) -> str | None:
    """As any setting of ours: a variable, or a file in the folder of secrets. A name in small letters, for both."""
    if not name:
        return None
    if told := os.environ.get(f"CARELOOP_{name.upper()}"):
        return told.strip()
    folder = os.environ.get("CARELOOP_SECRETS")
    file = Path(folder) / f"careloop_{name}" if folder else None
    return file.read_text(encoding="utf-8").strip() if file and file.is_file() else None


def is_here(url: str) -> bool:
    host = urlsplit(url).hostname or ""
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False
