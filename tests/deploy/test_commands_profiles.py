"""`careloop profiles`: mistakes are told before a process is started, and a change is seen before it is in force."""

import json
from pathlib import Path

import pytest

from tests.deploy.cli import careloop as process
from tests.deploy.here import Told, run

NINTH = 'version = 2\nby = "s-1"\nwhy = "To see."\nextends = "standard"\n'
HALL = '[calendars.hall]\nhours = [{ since = "08:00", until = "20:00" }]\nrest = ["monday"]\n'
UNITS = 'default = "a"\n[units.a]\nprofile = "ninth"\ncalendar = "hall"\n'


def careloop(*words: str, **environment: str) -> Told:
    return run(words, environment)


@pytest.fixture
def config(tmp_path: Path) -> Path:
    """An operator's folder without a mistake."""
    (tmp_path / "profiles").mkdir()
    (tmp_path / "profiles/ninth.toml").write_text(f"{NINTH}[complaints]\nmajor_from_round = 4\n")
    (tmp_path / "calendars.toml").write_text(HALL)
    (tmp_path / "units.toml").write_text(UNITS)
    return tmp_path


def test_what_is_shipped_has_no_mistake(tmp_path):
    told = process("profiles", "check", CARELOOP_RUN=str(tmp_path))
    assert (told.stdout, told.stderr, told.returncode) == ("9 profiles, 0 calendars, 0 notices: no mistake.\n", "", 0)


def test_the_folder_is_checked_with_what_is_shipped(config):
    for told in (careloop("profiles", "check", "--config", str(config)), careloop("profiles", "check", CARELOOP_CONFIG=str(config))):
        assert (told.stdout, told.stderr, told.returncode) == ("10 profiles, 1 calendar, 0 notices: no mistake.\n", "", 0)


def test_the_folder_of_the_system_that_runs_here(config):
    (here := config / "run/config").mkdir(parents=True)
    (here / "calendars.toml").write_text(HALL)
    told = careloop("profiles", "check", CARELOOP_RUN=str(here.parent))
    assert told.stdout == "9 profiles, 1 calendar, 0 notices: no mistake.\n"


def test_all_mistakes_of_all_files(config):
    (config / "profiles/ninth.toml").write_text(f"{NINTH}[reception.answering]\nrings = 'three'\n[complaints.fast]\nmuch = 1\n")
    (config / "calendars.toml").write_text(HALL.replace("monday", "mondy"))
    (config / "units.toml").write_text(UNITS.replace("hall", "hal"))
    told = careloop("profiles", "check", "--config", str(config))
    assert (told.stdout.splitlines(), told.stderr, told.returncode) == (
        [
            'units.toml: units.a.calendar is "hal": there is no such calendar; did you mean "hall"?',
            'calendars.toml: calendars.hall.rest[0] is "mondy": one of monday, tuesday, wednesday, thursday, friday, saturday, sunday belongs here;'
            ' did you mean "monday"?',
            "profiles/ninth.toml: complaints.fast.much is 1: there is no such key; there are compensation, categories.",
            'profiles/ninth.toml: reception.answering.rings is "three": a whole number belongs here.',
            "10 profiles, 1 calendar, 0 notices: 4 mistakes.",
        ],
        "",
        1,
    )
    told = careloop("profiles", "check", "--config", str(config), "--json")
    found = json.loads(told.stdout)
    assert (found["profiles"], found["calendars"], found["notices"], told.returncode) == (10, 1, 0, 1)
    assert found["mistakes"][2] == {
        "file": "profiles/ninth.toml", "said": "complaints.fast.much is 1: there is no such key; there are compensation, categories.",
    }  # fmt: skip


def test_a_notice_with_a_mistake(config):
    (config / "holidays").mkdir()
    (config / "holidays/2027.toml").write_text('country = "CN"\nyear = "next"\n')
    told = careloop("profiles", "check", "--config", str(config))
    assert told.returncode == 1
    assert told.stdout.startswith("holidays/2027.toml: ")
    assert "1 notice: " in told.stdout.splitlines()[-1]


def test_a_draft_is_checked_before_it_is_put_there(config):
    draft = config / "ninth.toml"
    draft.write_text(f"{NINTH}[complaints]\nmajor_from_round = 0.5\n")
    told = careloop("profiles", "check", str(draft), "--config", str(config))
    assert told.stdout.splitlines() == [
        f"{draft}: complaints.major_from_round is 0.5: a whole number belongs here.",
        "1 profile, 1 calendar, 0 notices: 1 mistake.",
    ]
    (config / "more").mkdir()
    other = config / "more/ninth.toml"
    other.write_text(NINTH)
    told = careloop("profiles", "check", str(draft), str(other), "--config", str(config))
    assert told.stderr == "More than one of these files would be the profile ninth: check them one by one.\n"
    told = careloop("profiles", "check", str(config / "none.toml"), "--config", str(config))
    assert (told.stdout.splitlines()[0], told.returncode) == (f"{config / 'none.toml'}: it can't be read: No such file or directory.", 1)


def test_what_a_draft_changes(config):
    draft = config / "ninth.toml"
    draft.write_text(
        f"{NINTH.replace('2', '3')}[complaints]\nmajor_from_round = 3\n[complaints.milestones.plan]\nlimits = ["
        '{ within = "1 wd", rule = "ours", when = { severity = ["major"] } }, { within = "3 wd", rule = "ours, D-02" }]\n[calendar]\nrest = ["friday"]\n'
    )
    told = careloop("profiles", "diff", "ninth", str(draft), "--config", str(config))
    assert (told.stdout.splitlines(), told.stderr, told.returncode) == (
        [
            "version: 2 -> 3",
            'calendar.rest: ["saturday", "sunday"] -> ["friday"]',
            "complaints.major_from_round: 4 -> 3",
            'complaints.milestones.plan.limits[0].rule: "ours, D-02" -> "ours"',
            'complaints.milestones.plan.limits[0].when.severity: added, ["major"]',
            'complaints.milestones.plan.limits[0].within: "3 wd" -> "1 wd"',
            'complaints.milestones.plan.limits[1].rule: added, "ours, D-02"',
            'complaints.milestones.plan.limits[1].within: added, "3 wd"',
        ],
        "",
        1,
    )
    told = careloop("profiles", "diff", str(draft), "ninth", "--config", str(config), "--json")
    found = json.loads(told.stdout)
    assert found[0] == {"key": "version", "old": 3, "new": 2, "what": "changed"}
    assert [it["what"] for it in found if it["key"].startswith("complaints.milestones.plan.limits[1]")] == ["gone", "gone"]
    told = careloop("profiles", "diff", "ninth", "ninth", "--config", str(config))
    assert (told.stdout, told.returncode) == ("ninth and ninth say the same.\n", 0)


def test_a_profile_as_a_whole(config):
    told = careloop("profiles", "show", "ninth", "--config", str(config))
    lines = [line.split() for line in told.stdout.splitlines()]
    assert (told.stderr, told.returncode) == ("", 0)
    assert lines[:2] == [["KEY", "VALUE", "FROM"], ["version", "2", "profiles/ninth.toml"]]
    assert ["complaints.major_from_round", "4", "profiles/ninth.toml"] in lines
    assert ["complaints.reopening", '"P30D"', "shared/profiles/trades/standard.toml"] in lines
    found = json.loads(careloop("profiles", "show", "ninth", "--config", str(config), "--json").stdout)
    assert (found["name"], found["version"], found["complaints"]["reopening"]) == ("ninth", 2, "P30D")
    assert found["from"]["complaints.reopening"] == "shared/profiles/trades/standard.toml"


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["show", "stell"], 'There is neither a file nor a profile stell; did you mean "steel"?'),
        (["diff", "steel", "nowhere.toml"], "There is neither a file nor a profile nowhere.toml; there are"),
        (
            ["check", "--config", "/nowhere/at/all"],
            "/nowhere/at/all is no folder: --config, or CARELOOP_CONFIG, names the one with units.toml in it.",
        ),
    ],
)
def test_what_is_not_there(words, sentence, tmp_path):
    told = careloop("profiles", *words, CARELOOP_RUN=str(tmp_path))
    assert (told.stdout, told.returncode) == ("", 1)
    assert told.stderr.startswith(sentence)
    assert len(told.stderr.splitlines()) == 1


def test_what_is_mistaken_is_not_compared(config):
    (config / "profiles/ninth.toml").write_text(f"{NINTH}[complaints]\nreopening = 3.5\n")
    told = careloop("profiles", "diff", "standard", "ninth", "--config", str(config))
    assert (told.stdout, told.returncode) == ("", 1)
    assert told.stderr.splitlines() == [
        "The profile can't be used as it is:",
        'profiles/ninth.toml: complaints.reopening is 3.5: a duration, as in "P30D" or "PT72H", belongs here.',
    ]
