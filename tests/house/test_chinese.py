"""Whatever a caller can be told stands in Chinese too, with all that stands in its holes, and under one reading only."""

import ast
import re
import tomllib
from importlib import import_module

import pytest
from pydantic_core._pydantic_core import list_all_errors

from services.complaints.domain.past import TAKEN
from shared.chinese import chinese
from shared.chinese.sentences import FOLDER, WAYS, Template, add, bare, cut
from shared.chinese.sentences import Known as Sentences
from shared.chinese.sentences import of as known
from shared.topics import SERVICES
from tests.house.sentences import Module, everything, found

# Where the reader of the code may give up: what stands there is a sentence that was found elsewhere, or none that people read.
FOLLOWED_ELSEWHERE = {
    "shared/errors.py: message",  # what `__init__` was given
    "shared/profiles_api.py: str(mistakes)",  # what is wrong in a TOML file, as `careloop profiles check` says it to operators: in English
    # found where it is raised or where its field is described
    "services/customers/jobs/importing_customers.py: str(error)",
    "services/complaints/jobs/importing_complaints.py: str(wrong)",
    "services/complaints/jobs/importing_complaints.py: wrong.how",
    "services/complaints/jobs/importing_complaints.py: why",
    "shared/exports/api.py: str(error)",
    "shared/imports/columns.py: str(error)",
    "shared/imports/columns.py: column.fact.means",
    "shared/imports/columns.py: *WRONG[cell[1]]",
    "shared/imports/reading.py: fix",
}
# Holes that only English needs.
PLURALS = {"expected_plural", "field_type"}
TOLD = everything()
FILES = {file.name: tomllib.loads(file.read_text(encoding="utf-8")) for file in sorted(FOLDER.glob("*.toml"))}
ENTRIES = [(file, english, translated) for file, told in FILES.items() for english, translated in told.items()]


def of_pydantic() -> set[str]:
    """As `shared/invalid.py` passes them on."""
    told = set()
    for error in list_all_errors():
        for said in filter(None, (error["message_template_python"], error.get("message_template_json"))):
            kind = error["type"]
            if kind in ("union_tag_invalid", "enum", "literal_error"):
                told.add("Input should be one of {expected}")
            elif kind != "value_error":  # a sentence of ours
                told.add((said.partition(",")[0] if kind.endswith("_parsing") else said).removesuffix("."))
    return told


def words() -> set[str]:
    """What stands in sentences about imports: the kinds of them, and the steps of a complaint."""
    services = (import_module(f"services.{it}.app").service for it in SERVICES)
    return {kind.title for service in services for kind in service.imports} | {*TAKEN.values()}


SAID = TOLD.sentences | dict.fromkeys(of_pydantic(), "Pydantic") | dict.fromkeys(words(), "a word")


def test_every_sentence_has_its_chinese():
    there = {english for _, english, _ in ENTRIES}
    missing = [f"{where}: {said}" for said, where in SAID.items() if said not in there]
    assert not missing, "\n".join(["Put them into shared/chinese:", *missing])


def test_no_entry_has_lost_its_sentence():
    idle = [f"{file}: {english}" for file, english, _ in ENTRIES if english not in SAID]
    assert not idle, "\n".join(["Nobody says this any more:", *idle])


def test_nothing_is_left_out_in_silence():
    unclear = {re.sub(r":[0-9]+:", ":", it) for it in TOLD.unclear}
    assert not unclear - FOLLOWED_ELSEWHERE


def test_each_stands_once():
    told = [english for _, english, _ in ENTRIES]
    assert not {it for it in told if told.count(it) > 1}


@pytest.mark.parametrize("file", FILES)
def test_what_stands_in_the_holes_is_said_too(file: str):
    for english, translated in FILES[file].items():
        template, into = cut(english), cut(translated)
        assert {bare(it)[0] for it in into.holes} | PLURALS == {*template.holes} | PLURALS, english
        assert len(set(template.holes)) == len(template.holes) and all(template.literals[1:-1]), f"{english}: where does a hole end?"
        assert not re.search(r"'[^']* [^']*[a-z]{3} ", " ".join(template.holes)), f"{english}: no words of ours in a hole"


@pytest.mark.parametrize("file", FILES)
def test_it_is_chinese(file: str):
    for english, translated in FILES[file].items():
        assert re.search(r"[\u4e00-\u9fff：]", translated), english
        assert english.endswith((".", "?")) == translated.endswith(("。", "？")), english
        assert not re.search(r"[\u4e00-\u9fff] ?[,;:?!.](?![0-9])", translated), f"{translated}: with Chinese punctuation"


@pytest.mark.parametrize("file", FILES)
def test_no_sentence_is_taken_for_another(file: str):
    for english, translated in FILES[file].items():
        template, into = cut(english), cut(translated)
        for filled in ("x", "报修", "7", "12:30", "a, b"):
            assert chinese(put(template, filled)) == put(into, filled), english


def put(template: Template, filled: str) -> str:
    filling = (filled.replace(*WAYS.get(way, (" ", " "))) for _, way in map(bare, template.holes))
    return "".join(literal + it for literal, it in zip(template.literals, filling, strict=False)) + template.literals[-1]


def test_two_ways_of_reading_would_be_noticed():
    ambiguous = Sentences({}, {})
    add(ambiguous, "It is {a} now", "现在是 {a}")
    add(ambiguous, "It is {b}", "是 {b}")
    (first, _), (second, _) = ambiguous.begun["I"]
    assert first.fill("It is open now") == ["open"] and second.fill("It is open now") == ["open now"]


BEFORE = '''
from shared.errors import Refusal
LONG = "A constant."
class Odd(Refusal):
    """It is odd."""
    fix = "Make it even."
class Quiet(Odd):
    def __init__(self, message="By default."):
        super().__init__(message)
def f(it, n):
    said = f"{it} of {n}." if n else "None."
    if it:
        raise Odd(said)
    raise Odd(LONG + " And more.")
def g(it):
    raise Odd(f"It is{' not' if it else ''} good: {{{it!r:>3}}}.", fix="Mend it.")
def h():
    raise Odd(somewhere())
'''


def test_the_reader_finds_what_is_said():
    told = found([Module("shared/errors.py", ast.parse("class Refusal(Exception): ...")), Module("shared/odd.py", ast.parse(BEFORE))])
    assert {*told.sentences} == {
        "A constant. And more.", "By default.", "It is good: {{{it}}}.", "It is not good: {{{it}}}.", "It is odd.", "Make it even.", "Mend it.",
        "None.", "{it} of {n}.",
    }  # fmt: skip
    assert told.unclear == ["shared/odd.py:18: somewhere()"]


def test_all_are_read_with_the_first_error():
    assert len(known(FOLDER).plain) > 200 and sum(map(len, known(FOLDER).begun.values())) > 60
