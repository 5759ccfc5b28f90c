"""Who may publish what: `sources.toml`, read again when it changes, so that a new source needs no restart.

[sources."/erp"]
topics = ["careloop.inbound.orders", "careloop.inbound.customers"]
unit = "north"            # optional: its events belong to this unit unless they say another
"""

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

import structlog
from pydantic import BaseModel, ConfigDict, StringConstraints, ValidationError, field_validator

from shared.topics import OURS, TOPICS

log = structlog.get_logger()


class Source(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)
    topics: frozenset[str]
    unit: str | None = None

    @field_validator("topics")
    @classmethod
    def are_known(cls, topics: frozenset[str]) -> frozenset[str]:
        if unknown := sorted(topics - {name for name, topic in TOPICS.items() if topic.inbound}):
            raise ValueError(f"not inbound topics: {', '.join(unknown)}")
        return topics


class Register(BaseModel):
    model_config = ConfigDict(extra="forbid")
    sources: dict[Annotated[str, StringConstraints(pattern=r"^/[a-z0-9/_-]{1,63}$")], Source]


class Sources:
    """The registered sources and our own services. A file that can't be read keeps the last good one in force."""

    def __init__(self, file: Path) -> None:
        self.file = file
        self.seen: tuple[int, int] | None = None
        self.known: Mapping[str, Source] = {}
        self.trouble: str | None = None
        self.read()
        if self.trouble:
            raise SystemExit(f"{file} can't be used: {self.trouble}. It says which sources may publish; mend it and start again.")

    def refresh(self) -> None:
        """Called between batches; costs one stat."""
        try:
            stat = self.file.stat()
        except OSError:
            return
        if (stat.st_mtime_ns, stat.st_size) != self.seen:
            self.read()
            if self.trouble:
                log.error("sources kept as they were", file=str(self.file), reason=self.trouble)
            else:
                log.info("sources read", count=len(self.known))

    def read(self) -> None:
        try:
            stat = self.file.stat()
            self.seen = stat.st_mtime_ns, stat.st_size
            foreign = Register.model_validate(tomllib.loads(self.file.read_text(encoding="utf-8"))).sources
        except OSError as error:
            self.trouble = error.strerror or type(error).__name__
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            self.trouble = str(error)
        except ValidationError as error:
            first = error.errors(include_input=False, include_url=False)[0]
            self.trouble = f"{'.'.join(map(str, first['loc']))}: {first['msg']}"
        else:
            self.trouble = None
            self.known = foreign | {name: Source.model_construct(topics=topics, unit=None) for name, topics in OURS.items()}
