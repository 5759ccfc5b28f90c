"""What the documents name exists: make targets, commands and their options, variables, metrics, files and headings."""

import re
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import typer

from deploy.command.__main__ import app
from services.customers.settings import Settings as OfCustomers
from services.followup.settings import Settings
from shared.metrics import Metrics, Number

ROOT = Path(__file__).parents[2]
DOCUMENTS = sorted({*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("services/*/README.md")})
OPERATE = (ROOT / "docs" / "operate.md").read_text(encoding="utf-8")
LINK = re.compile(r"\[[^\]]+\]\(([^)\s]+)\)")


@pytest.fixture(params=DOCUMENTS, ids=lambda file: str(file.relative_to(ROOT)))
def document(request: pytest.FixtureRequest) -> Path:
    file: Path = request.param
    return file


def test_every_make_target_exists(document: Path) -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    named = set(re.findall(r"(?:^|`|[A-Z0-9]=\S+ |&& )make (?:[A-Z]+=\S+ )?([a-z-]+)", document.read_text(encoding="utf-8"), re.MULTILINE))
    assert named <= targets


def test_every_target_is_told() -> None:
    printed = set(re.findall(r"^([a-z-]+):.*##", (ROOT / "Makefile").read_text(), re.MULTILINE)) - {"help"}
    assert {it for it in printed if f"`make {it}`" not in OPERATE} == set()


@cache
def commands() -> dict[str, set[str]]:
    """`careloop …` and the options of each."""
    found: dict[str, set[str]] = {}

    def walk(command: Any, words: str) -> None:
        inner = {name: command.get_command(None, name) for name in command.list_commands(None)} if hasattr(command, "list_commands") else {}
        for name, it in inner.items():
            walk(it, f"{words} {name}".strip())
        if not inner:
            found[words] = {option for parameter in command.params for option in parameter.opts if option.startswith("--")}

    walk(typer.main.get_command(app), "")
    return found


def named(text: str) -> list[tuple[str, str]]:
    """Each command that is named, and the rest of its line."""
    told = re.findall(r"(?:^|[`$(;&/ ])careloop ([a-z]+(?: [a-z]+)?)(?![a-z/])([^`|\n]*)", text, re.MULTILINE)
    return [(words if words in commands() else words.split()[0], rest) for words, rest in told if words.split()[0] != "command"]


def test_every_command_exists_and_takes_what_it_is_given(document: Path) -> None:
    groups = {words.split()[0] for words in commands() if " " in words}
    for words, rest in named(document.read_text(encoding="utf-8")):
        assert words in commands() or words in groups, f"careloop {words}"
        if words in commands():
            given = set(re.findall(r"(?<!\S)--[a-z-]+", rest.split(";")[0].split("<<")[0]))
            assert given <= commands()[words] | {"--help"}, f"careloop {words}{rest}"


def test_every_command_is_told() -> None:
    told = re.findall(r"^\| `careloop ([a-z ]+)", OPERATE, re.MULTILINE)
    assert {it.strip() for it in told} == set(commands())


def test_options_in_the_table_exist() -> None:
    for words, meaning in re.findall(r"^\| `careloop ([a-z]+(?: [a-z]+)?)[^`]*` \| (.*) \|$", OPERATE, re.MULTILINE):
        assert set(re.findall(r"`(--[a-z-]+)", meaning)) <= commands()[words], words


def test_every_variable_is_told_with_its_default() -> None:
    section = OPERATE.split("\n## Variables\n", 1)[1].split("\n## ", 1)[0]
    told = dict(re.findall(r"^\| `(CARELOOP_[A-Z_]+)` \| (?:`([^`]*)`)? ?\|", section, re.MULTILINE))
    defaults = {
        f"CARELOOP_{name.upper()}": str(field.default) for name, field in (Settings.model_fields | OfCustomers.model_fields).items()
    }
    assert told == defaults | {"CARELOOP_CLOCK_OFFSET": "PT0S"}


def test_every_metric_exists() -> None:
    known = {f"careloop_{name}" for name, it in vars(Metrics).items() if isinstance(it, Number)}
    assert set(re.findall(r"`(careloop_[a-z_]+)`", OPERATE)) <= known


def test_links_lead_somewhere(document: Path) -> None:
    for target in LINK.findall(document.read_text(encoding="utf-8")):
        if not target.startswith(("http://", "https://")):
            path, _, anchor = target.partition("#")
            file = (document.parent / path).resolve() if path else document
            assert file.exists(), target
            if anchor:
                assert anchor in headings(file), target


def headings(file: Path) -> set[str]:
    """As readers of Markdown on the web make anchors of them."""
    titles = re.findall(r"^#+ (.*)$", file.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


def test_files_that_are_named_exist(document: Path) -> None:
    named = re.findall(r"`((?:services|shared|deploy|docs|tests)/[\w./-]+)`", document.read_text(encoding="utf-8"))
    assert [it for it in named if not (ROOT / it).exists()] == []
