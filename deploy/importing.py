"""A spreadsheet on its way into a service, as any client of its API would bring it: begun, sent, watched to its end."""

import os
import re
import time
import tomllib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx

from deploy.local.place import read_json, run_folder
from shared.errors import Refusal
from shared.topics import SERVICES

PIECE = 256 * 1024
AT_AN_END = frozenset(("mapping_needed", "checked", "done", "failed", "cancelled", "reversed"))
SHOWN = 20  # rows that are told at once
ROLE = "admin"  # of the development token


class CannotImport(Refusal):
    """It can't be imported."""


class Refused(Refusal):
    """The service said no."""


class Door:
    """The API of the service that takes this kind in."""

    def __init__(self, kind: str, url: str | None, token: str | None) -> None:
        self.headers = {
            "Authorization": f"Bearer {token or os.environ.get('CARELOOP_TOKEN') or of_this_checkout()}",
            "Accept-Language": language(),
        }
        self.client = httpx.Client(timeout=60, trust_env=url is not None, headers=self.headers)
        self.url = self.with_kind(kind, [url.rstrip("/")] if url else addresses())

    def with_kind(self, kind: str, urls: list[str]) -> str:
        known: list[str] = []
        for url in urls:
            answer = self.client.get(f"{url}/v1/import-kinds")
            if answer.status_code == 404 and len(urls) > 1:
                continue  # nothing comes in there
            found = [it["name"] for it in good(answer)["kinds"]]
            if kind in found:
                return url
            known += found
        raise CannotImport(f"Nothing called {kind} can be imported; it is one of {', '.join(known)}.")

    def ask(self, method: str, path: str, body: Any = None) -> Any:
        return good(self.client.request(method, f"{self.url}{path}", json=body))

    def send(self, path: str, file: Path, tell: Callable[[int], None]) -> Any:
        """As it lies there, piece by piece."""

        def pieces() -> Iterator[bytes]:
            with file.open("rb") as stream:
                while piece := stream.read(PIECE):
                    yield piece
                    tell(len(piece))

        headers = {"Content-Type": "application/octet-stream", "Content-Length": str(file.stat().st_size)}
        return good(self.client.put(f"{self.url}{path}", content=pieces(), headers=headers, timeout=900))

    def content(self, path: str) -> bytes:
        answer = self.client.get(f"{self.url}{path}")
        if answer.is_error:
            good(answer)
        return answer.content

    def watch(self, id: str, tell: Callable[[dict[str, Any]], None]) -> dict[str, Any]:
        """Until nothing happens any more."""
        pause = 0.1
        while True:
            it: dict[str, Any] = self.ask("GET", f"/v1/imports/{id}")
            tell(it)
            if it["state"] in AT_AN_END:
                return it
            time.sleep(pause)
            pause = min(pause * 1.5, 2.0)


def language() -> str:
    """Of the terminal: zh_CN.UTF-8 is zh-CN. What rows are told, and the corrections, come in it."""
    said = next((it for name in ("LC_ALL", "LC_MESSAGES", "LANG") if (it := os.environ.get(name))), "")
    tag = re.match(r"[A-Za-z]{2,3}(_[A-Z]{2})?(?![A-Za-z])", said)
    return tag[0].replace("_", "-") if tag else "en"


def good(answer: httpx.Response) -> Any:
    if answer.is_error:
        try:
            told = answer.json()
            text = " ".join(filter(None, (told["detail"], told.get("fix"))))
        except (ValueError, KeyError):
            text = f"{answer.request.url.host} answered {answer.status_code}."
        raise Refused(text)
    return answer.json()


def addresses() -> list[str]:
    """Of the system that runs in this checkout."""
    told = read_json(run_folder() / "addresses.json")
    found = [told[name] for name in SERVICES if name in told]
    if not found:
        raise CannotImport("Nothing runs here: `make run` starts it, or say --url and --token of the service that is to take it in.")
    return [str(it) for it in found]


def of_this_checkout() -> str:
    """A development token, where there is one."""
    from deploy.local.issuer import only_in_development, sign

    only_in_development(unsaid="development")
    folder = run_folder() / "issuer"
    if not (folder / "key.json").exists():
        raise CannotImport("There is no token: say --token, or set CARELOOP_TOKEN.")
    return sign(folder, [ROLE], subject="careloop-import")


def remembered(plan: dict[str, Any], said: dict[str, Any]) -> str:
    """What nobody said this time, and holds: `formats.placed_at = YYMMDD`."""
    told = {
        f"{part}.{name}": it
        for part in ("columns", "constants", "formats")
        for name, it in plan.get(part, {}).items()
        if name not in said.get(part, {})
    }
    told |= {name: it for name in ("zone", "area", "empty") if (it := plan.get(name)) and name not in said}
    return ", ".join(f"{name} = {it if isinstance(it, str) else ' + '.join(it)}" for name, it in told.items())


def mapping_of(file: Path | None) -> dict[str, Any]:
    """What a TOML file says of the columns; its tables are those of POST /v1/imports."""
    if file is None:
        return {}
    try:
        return tomllib.loads(file.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise CannotImport(f"{file} can't be read: {error}.") from None
