"""A configuration as it would be: a copy of the folder with drafts of profiles and of notices of holidays in place."""

import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory


@contextmanager
def drafted(config: Path | None, *, profiles: Mapping[str, str] | None = None, notices: Mapping[str, str] | None = None) -> Iterator[Path]:
    """`profiles`, `notices`: TOML by the name of the file, without its ending. The folder is gone afterwards."""
    with TemporaryDirectory(prefix="careloop-draft-") as name:
        folder = Path(name)
        for kind, drafts in (("profiles", profiles or {}), ("holidays", notices or {})):
            (folder / kind).mkdir()
            for file in sorted((config / kind).glob("*.toml")) if config else ():
                shutil.copyfile(file, folder / kind / file.name)
            for draft, text in drafts.items():
                (folder / kind / f"{draft}.toml").write_text(text, encoding="utf-8")
        if config and (config / "calendars.toml").exists():
            shutil.copyfile(config / "calendars.toml", folder / "calendars.toml")
        yield folder
