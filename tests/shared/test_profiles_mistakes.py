"""What is wrong with a profile is one sentence a mistake: file, key, value, and what belongs there."""

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import orjson
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from services.complaints.domain.policy import Policy
from services.followup.domain.policy import Policy as Calling
from shared import profiles
from shared.profiles import Limit, files
from shared.units import Unit, Units

NINTH = 'version = 1\nby = "s-1"\nwhy = "To see."\nextends = "standard"\n'
UNITS = Units(default="a", units={"a": Unit(profile="ninth")})
OWNERS = "specialist, supervisor, leader, department, reception"
DAYS = "monday, tuesday, wednesday, thursday, friday, saturday, sunday"
SPAN = 'a span is a whole number and one of min, h, cd (calendar days), wh (working hours), wd (working days), as in "3 wd"'
RULE = 'it names the rules that the number comes from, as in "CMPL-L09" or "INQY-02, D-29"; "ours" is a suggestion'
LIMITS, FIRST = "complaints.milestones.result.limits", "complaints.milestones.acknowledgement.limits"


def said(config, units: Units = UNITS) -> list[str]:
    with pytest.raises(SystemExit) as refused:
        profiles.read("complaints", Policy, units, config)
    return str(refused.value).splitlines()


@pytest.fixture
def of(tmp_path):
    """The mistakes of a profile with this text."""
    (tmp_path / "profiles").mkdir()

    def read(text: str) -> list[str]:
        (tmp_path / "profiles/ninth.toml").write_text(text, encoding="utf-8")
        return [it.removeprefix("profiles/ninth.toml: ") for it in said(tmp_path)]

    return read


def limits(*written: str) -> str:
    return f"[complaints.milestones.result]\nlimits = [{', '.join(written)}]"


def acknowledged(*written: str) -> str:
    return f"[complaints.milestones.acknowledgement]\nlimits = [{', '.join(written)}]"


CASES = [
    # keys
    ("[complains]", 'complains is a table: there is no such key; did you mean "complaints"?'),
    ("[complaints]\nreopenning = 'P9D'", 'complaints.reopenning is "P9D": there is no such key; did you mean "reopening"?'),
    ("[complaints.fast]\nxyz = 1", "complaints.fast.xyz is 1: there is no such key; there are compensation, categories."),
    (
        limits('{ witin = "3 wd", promised = true, rule = "ours" }'),
        f'{LIMITS}[0].witin is "3 wd": there is no such key; did you mean "within"?',
    ),
    # types
    ("[complaints]\nmajor_from_round = '2'", 'complaints.major_from_round is "2": a whole number belongs here.'),
    ("[complaints]\nmajor_from_round = 2.5", "complaints.major_from_round is 2.5: a whole number belongs here."),
    ("[complaints]\nmajor_from_round = true", "complaints.major_from_round is true: a whole number belongs here."),
    (
        "[complaints]\nmajor_from_round = 99999999999999999999",
        'complaints.major_from_round is "99999999999999999999": a whole number belongs here.',
    ),
    ("[complaints]\nreopening = 'a month'", 'complaints.reopening is "a month": a duration, as in "P30D" or "PT72H", belongs here.'),
    (
        "[complaints.fast]\ncompensation = 'much'",
        'complaints.fast.compensation is "much": an amount in quotes, as in "100.00", belongs here.',
    ),
    (
        "[complaints.fast]\ncategories = 'delivery'",
        'complaints.fast.categories is "delivery": a list in brackets, as in ["a", "b"], belongs here.',
    ),
    ("[complaints.fast]\ncategories = ['delivery', 3]", "complaints.fast.categories[1] is 3: a text in quotes belongs here."),
    ("[complaints]\nfast = 3", "complaints.fast is 3: a table belongs here."),
    ("complaints = 3", "complaints is 3: a table belongs here."),
    ("[complaints.milestones.result]\nat_risk = 'late'", 'complaints.milestones.result.at_risk is "late": a number belongs here.'),
    ("[complaints.milestones.result]\nat_risk = 1.5", "complaints.milestones.result.at_risk is 1.5: less than 1 belongs here."),
    ("[complaints.milestones.result]\nat_risk = 0", "complaints.milestones.result.at_risk is 0: more than 0 belongs here."),
    ("[complaints.milestones.result]\nat_risk = nan", 'complaints.milestones.result.at_risk is "nan": a number belongs here.'),
    (limits('{ promised = "yes", rule = "ours" }'), f'{LIMITS}[0].promised is "yes": true or false belongs here.'),
    # values
    (
        "[complaints.milestones.result]\nowner = 'leadr'",
        f'complaints.milestones.result.owner is "leadr": one of {OWNERS} belongs here; did you mean "leader"?',
    ),
    ("[complaints.milestones.result]\nowner = 'nobody'", f'complaints.milestones.result.owner is "nobody": one of {OWNERS} belongs here.'),
    (limits('{ within = "15 days", rule = "ours" }'), f'{LIMITS}[0].within is "15 days": {SPAN}.'),
    (limits('{ within = 15, rule = "ours" }'), f"{LIMITS}[0].within is 15: {SPAN}."),
    (limits('{ within = "3 wd", rule = "CMPL 13" }'), f'{LIMITS}[0].rule is "CMPL 13": {RULE}.'),
    (limits('{ within = "3 wd" }'), f"{LIMITS}[0].rule is missing: a text in quotes belongs here."),
    (limits('{ rule = "ours" }'), f'{LIMITS}[0]: exactly one of the two belongs here, within = "3 wd" or promised = true.'),
    (
        limits('{ promised = true, rule = "ours", calendar = "hal" }'),
        f'{LIMITS}[0].calendar is "hal": there is no such calendar; calendars.toml has none.',
    ),
    (
        limits('{ promised = true, rule = "ours", when = { from_round = 0 } }'),
        f"{LIMITS}[0].when.from_round is 0: at least 1 belongs here.",
    ),
    (
        limits('{ within = "3 wd", rule = "ours", when = { severity = ["Major"] } }'),
        f'{LIMITS}[0].when.severity[0] is "Major": one of minor, ordinary, major belongs here; did you mean "major"?',
    ),
    (
        limits('{ within = "3 wd", rule = "ours", since = "promised" }'),
        f'{LIMITS}[0].since is "promised": one of received, acknowledged, judged belongs here.',
    ),
    # what means nothing
    (
        limits('{ within = "3 wd", rule = "ours", right = true }'),
        f'{LIMITS}[0]: right = true moves only calendar days, as in within = "15 cd": the end of 3 wd is never moved.',
    ),
    (
        limits('{ promised = true, rule = "ours", since = "judged" }'),
        f"{LIMITS}[0]: since can't stand beside promised = true: what was promised is due at that moment, whatever day it is.",
    ),
    (
        limits('{ promised = true, rule = "ours", since = "received", right = true }'),
        f"{LIMITS}[0]: right and since can't stand beside promised = true: what was promised is due at that moment, whatever day it is.",
    ),
    # what comes after an acknowledgement does not decide about it
    (
        acknowledged('{ within = "2 wh", rule = "ours" }, { within = "1 wh", rule = "ours", when = { severity = ["major"] } }'),
        f"{FIRST}[1].when: a complaint is acknowledged before its severity is judged, so this limit would never hold; leave out severity.",
    ),
    (
        acknowledged('{ within = "1 wh", rule = "ours", when = { from_round = 2 } }'),
        f"{FIRST}[0].when: only the first round is acknowledged, so this limit would never hold; leave out from_round.",
    ),
    (
        acknowledged('{ within = "1 wh", rule = "ours", since = "acknowledged" }'),
        f'{FIRST}[0].since is "acknowledged": an acknowledgement is no longer owed by then, so this limit would never hold; only "received" belongs here.',
    ),
    (
        acknowledged('{ within = "1 wh", rule = "ours", since = "judged" }'),
        f'{FIRST}[0].since is "judged": an acknowledgement is no longer owed by then, so this limit would never hold; only "received" belongs here.',
    ),
    (
        acknowledged('{ promised = true, rule = "ours" }'),
        f"{FIRST}[0].promised is true: when customers can expect an answer is told with the acknowledgement, so this limit would never hold.",
    ),
    (
        "[complaints.pauses]\nreasons = []",
        "complaints.pauses.reasons is []: it may not be empty.",
    ),
    (
        "[complaints.pauses]\nown = '30 wd'",
        "complaints.pauses: own is 30 wd and longest is 20 wd: alone nobody pauses for longer than with a supervisor.",
    ),
    ("[complaints]\nreopening = '-P30D'", 'complaints.reopening is "-P30D": more than 0 seconds belongs here.'),
    ("[complaints]\nmajor_from_round = 0", "complaints.major_from_round is 0: at least 1 belongs here."),
    (
        "[complaints.dissatisfied]\nsupervisor = 4",
        "complaints.dissatisfied: a supervisor has it before a leader: the leader's round is not the earlier one.",
    ),
    (
        limits('{ within = "0 wd", rule = "ours" }'),
        f"{LIMITS}[0]: 0 wd is over before anybody can act: a span of at least 1 belongs here.",
    ),
    # calendars
    (
        '[calendar]\nhours = [{ since = "9", until = "12:00" }]',
        'calendar.hours[0].since is "9": a time of the day, from "00:00" to "24:00", belongs here.',
    ),
    (
        '[calendar]\nhours = [{ since = "09:00", until = "12:00" }, { since = "11:00", until = "18:00" }]',
        "calendar.hours: 09:00-12:00 and 11:00-18:00 overlap.",
    ),
    ("[calendar]\nhours = []", "calendar.hours: at least one window of hours belongs here."),
    ("[calendar]\nrest = ['" + DAYS.replace(", ", "', '") + "']", "calendar.rest: not every day of the week can be a day of rest."),
    ("[calendar]\nholidays = 'XX'", 'calendar.holidays is "XX": a country by its two letters, as in "CN", or "none" belongs here.'),
    ('[calendar.days]\nsunday = [{ since = "09:00", until = "12:00" }]', "calendar: sunday is a day of rest and has hours of its own."),
    (
        "[calendar.roster]\nbegins = 'soon'\ncycle = ['off', 'early']",
        'calendar.roster.begins is "soon": a date, as in 2027-01-31, belongs here.',
    ),
    ("[calendar.roster]\nbegins = 2027-01-04\ncycle = ['off', 'early']", "calendar: there is no shift early."),
    ("[calendar]\nrest = ['tusday']", f'calendar.rest[0] is "tusday": one of {DAYS} belongs here; did you mean "tuesday"?'),
    (
        '[calendar.days]\nmondy = [{ since = "09:00", until = "12:00" }]',
        f'calendar.days has the key "mondy": one of {DAYS} belongs here; did you mean "monday"?',
    ),
]


@pytest.mark.parametrize(("text", "sentence"), CASES)
def test_one_mistake_is_one_sentence(of, text, sentence):
    top, tables = (f"{text}\n", "") if not text.startswith("[") else ("", text)
    assert of(f"{NINTH}{top}{tables}\n") == [sentence]


KEPT = [
    {"within": "3 wd", "rule": "ours", "right": True},
    {"within": "3 wd", "rule": "ours", "when": {"severity": ["Major"]}},
    {"promised": True, "rule": "ours", "since": "judged"},
]


@pytest.mark.parametrize("limit", KEPT, ids=str)
def test_a_clock_keeps_what_a_profile_may_no_longer_say(limit):
    assert Limit.model_validate(limit).model_dump(mode="json", exclude_defaults=True) == limit
    with pytest.raises(ValidationError):
        Limit.model_validate(limit, context={})


def test_windows_that_leave_no_time(tmp_path):
    (tmp_path / "profiles").mkdir()
    rest = '[followup.calls]\nrest = [{ since = "06:00", until = "18:00" }, { since = "18:00", until = "06:00" }]\n'
    (tmp_path / "profiles/ninth.toml").write_text(NINTH + rest)
    with pytest.raises(SystemExit) as refused:
        profiles.read("followup", Calling, UNITS, tmp_path)
    assert (
        str(refused.value)
        == "profiles/ninth.toml: followup.calls: windows and rest leave no time of the day at which a customer may be called."
    )


HEADS = [
    ('by = "s-1"\nwhy = "."', "version is missing: a whole number belongs here."),
    ('version = 0\nby = "s-1"\nwhy = "."', "version is 0: at least 1 belongs here."),
    ('version = 1\nwhy = "."', "by is missing: a text in quotes belongs here."),
    ('version = 1\nby = ""\nwhy = "."', 'by is "": it may not be empty.'),
    ('version = 1\nby = "s-1"', "why is missing: a text in quotes belongs here."),
]


@pytest.mark.parametrize(("head", "sentence"), HEADS)
def test_a_profile_says_who_decided_it_and_why(of, head, sentence):
    assert of(f'{head}\nextends = "standard"\n') == [sentence]


@pytest.mark.parametrize(
    ("extends", "sentence"),
    [
        ("standrad", 'extends is "standrad": there is no such profile; did you mean "standard"?'),
        (
            "none",
            'extends is "none": there is no such profile; there are dealership, decoration, distributor, gas, laboratory, project, property, standard, steel.',
        ),
        ("ninth", 'extends is "ninth": a profile extends its own name only where it takes the place of a shipped one.'),
    ],
)
def test_what_is_extended_is_there(of, extends, sentence):
    text = f"{NINTH.replace('standard', extends)}[complaints.fast]\ncompensation = '0'\n"
    assert of(text) == [sentence], "and nothing is called missing that it would have had"


def test_profiles_do_not_extend_each_other_in_a_circle(of, tmp_path):
    (tmp_path / "profiles/eighth.toml").write_text(NINTH.replace("standard", "ninth"))
    [sentence] = of(NINTH.replace("standard", "eighth"))
    assert sentence == (
        'profiles/eighth.toml: extends is "ninth": profiles can\'t extend each other in a circle'
        " (profiles/ninth.toml -> profiles/eighth.toml -> profiles/ninth.toml)."
    )


def test_the_shipped_standard_can_stand_in_a_circle_too(of, tmp_path):
    (tmp_path / "profiles/standard.toml").write_text(NINTH.replace("standard", "steel"))
    [sentence] = of(NINTH.replace("standard", "steel"))
    assert sentence.startswith('profiles/standard.toml: extends is "steel": profiles can\'t extend each other in a circle (')


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("version = 1\nby s-1\n", "it is no TOML at line 2, column 4: expected '=' after a key in a key/value pair."),
        ("version = 1\nversion = 2\n", "it is no TOML at line 2, column 12: cannot overwrite a value."),
        ("version = [1", "it is no TOML at end of document: unclosed array."),
        ("a = " + "[" * 5000, "it is nested too deeply."),
    ],
)
def test_what_is_no_toml_at_all(of, text, sentence):
    assert of(text) == [sentence]


def test_what_is_not_utf_8(tmp_path):
    (tmp_path / "profiles").mkdir()
    (tmp_path / "profiles/ninth.toml").write_bytes('why = "für"'.encode("latin-1"))
    assert said(tmp_path) == ["profiles/ninth.toml: it is not written in UTF-8."]


def test_what_can_not_be_read(tmp_path):
    (tmp_path / "profiles/ninth.toml").mkdir(parents=True)
    assert said(tmp_path) == ["profiles/ninth.toml: it can't be read: Is a directory."]


def test_a_profile_that_stands_alone_has_all_tables(of):
    assert of(NINTH.replace('extends = "standard"\n', "")) == [
        'calendar is missing: write the table, or extend a profile that has it, as in extends = "standard".',
        'complaints is missing: write the table, or extend a profile that has it, as in extends = "standard".',
    ]


def test_a_mistake_is_told_of_the_file_that_it_stands_in(tmp_path):
    (tmp_path / "profiles").mkdir()
    (tmp_path / "profiles/eighth.toml").write_text(f"{NINTH}[complaints.fast]\ncompensation = 'much'\n")
    (tmp_path / "profiles/ninth.toml").write_text(f"{NINTH.replace('standard', 'eighth')}[complaints.fast]\ncategories = 1\n")
    assert [it.partition(" is ")[0] for it in said(tmp_path)] == [
        "profiles/eighth.toml: complaints.fast.compensation",
        "profiles/ninth.toml: complaints.fast.categories",
    ]


def test_units_name_profiles_and_calendars_that_there_are(tmp_path):
    (tmp_path / "calendars.toml").write_text('[calendars.hall]\nhours = [{ since = "08:00", until = "20:00" }]\n')
    units = Units(
        default="a", units={"a": Unit(profile="stell"), "b": Unit(profile="unheard"), "c": Unit(calendar="hal"), "d": Unit(calendar="hall")}
    )
    every = ", ".join(files.sources(None))
    assert said(tmp_path, units) == [
        'units.toml: units.a.profile is "stell": there is no such profile; did you mean "steel"?',
        f'units.toml: units.b.profile is "unheard": there is no such profile; there are {every}.',
        'units.toml: units.c.calendar is "hal": there is no such calendar; did you mean "hall"?',
    ]


CALENDARS = [
    ("[calendar.hall]", 'calendar is a table: there is no such key; did you mean "calendars"?'),
    ("[calendars.hall]", 'calendars.hall.hours is missing: a list in brackets, as in ["a", "b"], belongs here.'),
    (
        '[calendars.hall]\nhours = [{ since = "08:00", until = "20:00" }]\nrset = ["monday"]',
        'calendars.hall.rset is ["monday"]: there is no such key; did you mean "rest"?',
    ),
]


@pytest.mark.parametrize(("text", "sentence"), CALENDARS)
def test_calendars_of_teams(of, tmp_path, text, sentence):
    (tmp_path / "calendars.toml").write_text(text)
    assert of(NINTH) == [f"calendars.toml: {sentence}"]


def test_no_sentence_is_pydantics():
    everything = " ".join(sentence for _, sentence in CASES + HEADS + CALENDARS)
    assert not [word for word in ("input", "Input", "valid ", "pydantic", "Value error", "field", "[type=") if word in everything]


PLACES = [
    ("version",), ("extends",), ("calendar",), ("calendar", "hours"), ("calendar", "days"), ("calendar", "roster"), ("calendar", "holidays"), ("complaints",),
    ("complaints", "reopening"), ("complaints", "fast", "compensation"), ("complaints", "fast", "categories"), ("complaints", "milestones", "plan"),
    ("complaints", "milestones", "plan", "limits"), ("complaints", "pauses", "own"), ("complaints", "new"), ("new",),
]  # fmt: skip
WORDS = st.one_of(st.text(max_size=5), st.sampled_from(["within", "rule", "monday", "since", "hours", "3 wd", "ours", "08:00"]))
PLAIN = st.one_of(st.integers(), st.floats(), st.booleans(), WORDS, st.dates())
VALUES = st.recursive(PLAIN, lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(WORDS, inner, max_size=3)), max_leaves=8)


def toml(value: Any) -> str:
    if isinstance(value, dict):
        return f"{{ {', '.join(f'{toml(name)} = {toml(it)}' for name, it in value.items())} }}"
    if isinstance(value, list):
        return f"[{', '.join(map(toml, value))}]"
    return orjson.dumps(value).decode().replace("\x7f", "\\u007f") if isinstance(value, str | bool) else str(value)


@given(st.sampled_from(PLACES), VALUES)
@example(("calendar", "roster"), {"begins": "2027-01-01", "cycle": []})
@settings(deadline=None, derandomize=True, max_examples=150)
def test_whatever_stands_there_is_told_in_sentences(place, value):
    head = [line for line in NINTH.splitlines() if not line.startswith(place[0] + " ")]
    with TemporaryDirectory() as folder:
        (file := Path(folder) / "profiles/ninth.toml").parent.mkdir()
        file.write_text("\n".join([f"{'.'.join(place)} = {toml(value)}", *head]), encoding="utf-8")
        try:
            profiles.read("complaints", Policy, UNITS, Path(folder))
        except SystemExit as refused:
            for it in str(refused).splitlines():
                assert it.startswith("profiles/ninth.toml: ")
                assert it[-1] in ".?"
                assert not [word for word in ("Input should", "Value error", "Field required", "valid ") if word in it]
