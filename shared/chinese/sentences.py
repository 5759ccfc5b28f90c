"""English sentences and their Chinese: plain ones are looked up, those with holes are recognised by what stands between the holes.

A template is written as it stands in the code, a hole by its own text: `"It is {place}, and there is no {step} from there."`; a brace that is
no hole is doubled. `{message:zh}` in the Chinese: what stands in this hole is a sentence of ours itself; `{names:or}`: names with "or" between them;
`{state:code}`: a code whose underscores English shows as spaces. Only errors pay for this.
"""

import tomllib
from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path
from typing import NamedTuple

FOLDER = Path(__file__).parent
OURS = ":zh"  # of a hole that holds a sentence of ours
WAYS = {":or": (" or ", "、"), ":code": (" ", "_")}  # what English has in other holes, and what stands there instead
DEEPEST = 3  # a sentence in a sentence in a sentence


class Template(NamedTuple):
    """A sentence with holes; one literal more than holes, the outer ones may be empty."""

    literals: tuple[str, ...]
    holes: tuple[str, ...]

    @property
    def weight(self) -> int:
        return sum(map(len, self.literals))

    def fill(self, text: str) -> list[str] | None:
        """What stands in the holes if this is the sentence, in time that grows with its length alone: nothing is looked at twice."""
        first, *inner, last = self.literals
        at, end = len(first), len(text) - len(last)
        if at > end or not text.startswith(first) or not text.endswith(last):
            return None
        found = []
        for literal in inner:
            until = text.find(literal, at, end)
            if until < 0:
                return None
            found.append(text[at:until])
            at = until + len(literal)
        return [*found, text[at:end]]


class Known(NamedTuple):
    """All that can be said in Chinese. `begun`: templates by their first character, the most telling first; "": those that begin with a hole."""

    plain: dict[str, str]
    begun: dict[str, list[tuple[Template, Template]]]

    def candidates(self, text: str) -> Iterator[tuple[Template, Template]]:
        yield from self.begun.get(text[:1], ()) if text else ()
        yield from self.begun.get("", ())


def chinese(text: str, depth: int = 1) -> str:
    """The sentence in Chinese, or as it is where nobody has written it. It may have lost its full stop, or go on behind a colon."""
    known = of(FOLDER)
    bare, stop = (text[:-1], "。") if text.endswith(".") else (text, "")
    if (plain := known.plain.get(bare)) is not None:
        return plain + stop
    for english, translated in known.candidates(bare):
        if (found := english.fill(bare)) is not None:
            return put(translated, dict(zip(english.holes, found, strict=True)), depth) + stop
    return text


def put(translated: Template, found: dict[str, str], depth: int) -> str:
    said = [translated.literals[0]]
    for hole, literal in zip(translated.holes, translated.literals[1:], strict=True):
        name, way = bare(hole)
        it = found[name]
        if way == OURS and depth < DEEPEST:
            it = chinese(it, depth + 1)
        said += (it.replace(*WAYS[way]) if way in WAYS else it, literal)
    return "".join(said)


def bare(hole: str) -> tuple[str, str]:
    """A hole of the Chinese as the English has it, and how it is filled."""
    way = next((it for it in (OURS, *WAYS) if hole.endswith(it)), "")
    return hole.removesuffix(way), way


@cache
def of(folder: Path) -> Known:
    """All files of a folder, read once."""
    known = Known({}, {})
    for file in sorted(folder.glob("*.toml")):
        for english, translated in tomllib.loads(file.read_text(encoding="utf-8")).items():
            add(known, english, translated)
    for templates in known.begun.values():
        templates.sort(key=lambda it: it[0].weight, reverse=True)
    return known


def add(known: Known, english: str, translated: str) -> None:
    if english.endswith("."):
        english, translated = english[:-1], translated.removesuffix("。")
    template, into = cut(english), cut(translated)
    for first in {template.literals[0], lower(template.literals[0])}:
        as_begun = Template((first, *template.literals[1:]), template.holes)
        if template.holes:
            known.begun.setdefault(first[:1], []).append((as_begun, into))
        else:
            known.plain[first] = into.literals[0]


def lower(literal: str) -> str:
    """As it goes on behind a colon; what begins with a name keeps it."""
    return literal if literal[1:2].isupper() else f"{literal[:1].lower()}{literal[1:]}"


def cut(written: str) -> Template:
    """Literals and holes. Braces in a hole's own text come in pairs."""
    literals, holes, at = [""], [], 0
    while at < len(written):
        it = written[at]
        if it in "{}" and written[at : at + 2] == it * 2:
            literals[-1] += it
            at += 2
        elif it == "{":
            end = closing(written, at)
            holes.append(written[at + 1 : end])
            literals.append("")
            at = end + 1
        else:
            literals[-1] += it
            at += 1
    return Template(tuple(literals), tuple(holes))


def closing(written: str, at: int) -> int:
    depth = 0
    for place in range(at, len(written)):
        depth += {"{": 1, "}": -1}.get(written[place], 0)
        if depth == 0:
            return place
    raise ValueError(f"a hole has no end: {written}")


def as_template(parts: Sequence[tuple[str, bool]]) -> str:
    """The other way: `(text, is it a hole)` as it is written in a file."""
    return "".join(f"{{{text}}}" if hole else text.replace("{", "{{").replace("}", "}}") for text, hole in parts)
