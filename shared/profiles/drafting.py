"""A configuration as it would be: a copy of the folder with drafts of profiles and of notices of holidays in place."""

import shutil
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any


@contextmanager
def drafted(config: Path | None, *, profiles: Mapping[str, str] | None = None, notices: Mapping[str, str] | None = None) -> Iterator[Path]:
    """`profiles`, `notices`: TOML by the name of the file, without its ending. The folder is gone afterwards.

    A draft takes the place of the file with its name; a notice also that of the one for the same country and year.
    """
    with TemporaryDirectory(prefix="careloop-draft-") as name:
        folder = Path(name)
        for kind, drafts in (("profiles", profiles or {}), ("holidays", notices or {})):
            (folder / kind).mkdir()
            for file in sorted((config / kind).glob("*.toml")) if config else ():
                if kind == "profiles" or not replaced(file.read_bytes(), drafts.values()):
                    shutil.copyfile(file, folder / kind / file.name)
            for draft, text in drafts.items():
                (folder / kind / f"{draft}.toml").write_text(text, encoding="utf-8")
        if config and (config / "calendars.toml").exists():
            shutil.copyfile(config / "calendars.toml", folder / "calendars.toml")
        yield folder


def replaced(notice: bytes, drafts: Iterable[str]) -> bool:
    """There is one notice of a country for a year; a draft of it is the newer one."""
    old = country_and_year(notice.decode(errors="replace"))
    return old is not None and old in map(country_and_year, drafts)


def country_and_year(notice: str) -> tuple[Any, Any] | None:
    """As far as it can be read; whoever reads the folder tells what is wrong."""
    try:
        content = tomllib.loads(notice)
    except (tomllib.TOMLDecodeError, RecursionError):
        return None
    return (content["country"], content["year"]) if {"country", "year"} <= content.keys() else None
