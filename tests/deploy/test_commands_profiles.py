"""`careloop profiles`: mistakes are told before a process is started, and a change is seen before it is in force."""

import json
from pathlib import Path

import pytest

from deploy.preview import ending, previewed, sentence
from deploy.profiles import Mistaken
from shared.clocks.preview import Preview
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


NOTICE = 'country = "CN"\nyear = 2027\nsource = "x"\noff = [{ since = 2027-01-01, until = 2027-01-03, name = "y" }]\n'
OF_A_FOLDER = [
    ("holidays/2027.toml", NOTICE, None),
    ("holidays/2027.toml", NOTICE.replace("2027-01-03", "2028-01-03"), "off[0].until is 2028-01-03: "),
    ("holidays/2027.txt", NOTICE, "the name of a notice ends in .toml; others are not read."),
    ("units.toml", UNITS, None),
    ("units.toml", UNITS.replace("ninth", "nineth"), 'units.a.profile is "nineth": there is no such profile; did you mean "ninth"?'),
    ("units.toml", "default = ", "it is no TOML at end of document: invalid value."),
    ("calendars.toml", HALL, None),
    ("calendars.toml", HALL.replace("rest", "rset"), 'calendars.hall.rset is ["monday"]: there is no such key; did you mean "rest"?'),
    ("sources.toml", '[sources."/erp"]\ntopics = ["careloop.inbound.orders"]\n', None),
    ("sources.toml", '[sources."/erp"]\ntopics = ["orders"]\n', "sources./erp.topics: not inbound topics: orders."),
    ("sources.toml", '[sources."/erp"]\ntopic = []\n', "sources./erp.topics is missing: "),
]


@pytest.mark.parametrize(("name", "text", "sentence"), OF_A_FOLDER)
def test_a_file_of_a_folder_is_checked_as_a_part_of_it(config, name, text, sentence):
    (config / "profiles/tenth.toml").write_text("a mistake of another file")
    (file := config / name).parent.mkdir(exist_ok=True)
    file.write_text(text)
    told = careloop("profiles", "check", str(file), CARELOOP_RUN=str(config / "run"))
    if sentence is None:
        assert (told.stdout, told.stderr, told.returncode) == (f"{file}: no mistake.\n", "", 0)
    else:
        first, *_, last = told.stdout.splitlines()
        assert first.startswith(f"{file}: {sentence}")
        assert (last.startswith(f"{file}: "), told.stderr, told.returncode) == (True, "", 1)


def test_a_profile_and_a_notice_together_and_one_that_is_not_there(config):
    gone = config / "holidays/2028.toml"
    told = careloop("profiles", "check", str(config / "profiles/ninth.toml"), str(gone), "--config", str(config))
    assert (told.stdout.splitlines(), told.returncode) == (
        [f"{gone}: it can't be read: No such file or directory.", f"1 profile, 1 calendar, 0 notices, {gone}: 1 mistake."], 1,
    )  # fmt: skip
    found = json.loads(careloop("profiles", "check", str(config / "calendars.toml"), "--json").stdout)
    assert found == {"profiles": 0, "calendars": 0, "notices": 0, "mistakes": [], "files": [str(config / "calendars.toml")]}


def test_a_profile_may_have_the_name_of_such_a_file(config):
    (config / "profiles/units.toml").write_text(NINTH)
    told = careloop("profiles", "check", str(config / "profiles/units.toml"), "--config", str(config))
    assert told.stdout == "1 profile, 1 calendar, 0 notices: no mistake.\n"


@pytest.mark.parametrize(
    ("kept", "found", "told"),
    [
        (True, Preview(6, 3, 0, 3), "complaints: 3 of 6 open deadlines would lie elsewhere, 0 earlier, 3 later."),
        (True, Preview(6, 3, 0, 1), "complaints: 3 of 6 open deadlines would lie elsewhere, 0 earlier, 1 later, 2 would be owed no more."),
        (False, Preview(6, 3, 1, 2), "complaints: 3 of 6 open deadlines will move, 1 earlier, 2 later."),
    ],
)
def test_a_preview_promises_only_what_will_happen(kept, found, told):
    assert sentence("complaints", found, kept=kept) == told


async def test_a_preview_asks_only_who_keeps_clocks(config, monkeypatch, tmp_path_factory):
    """And a draft that can't be used is refused before anybody is asked."""
    draft = tmp_path_factory.mktemp("draft") / "ninth.toml"
    draft.write_text(NINTH)
    monkeypatch.setattr("deploy.preview.databases", lambda service: [("customers", "nowhere")])
    assert await previewed(None, [draft], [], config, show=1) == []
    monkeypatch.setattr("deploy.preview.databases", lambda service: [("reception", "nowhere")])
    draft.write_text(f"{NINTH}[reception.answering]\nrings = 'three'\n")
    with pytest.raises(Mistaken, match=r'reception.answering.rings is "three": a whole number belongs here'):
        await previewed(None, [draft], [], config, show=1)


def test_a_preview_says_when():
    assert ending(profiles=True, notices=False) == "Nothing moves: a clock keeps the version under which it was started."
    assert ending(profiles=False, notices=True) == "They move when workers start with the notice."
    both = "A clock keeps the version under which it was started; only the notice moves it, when workers start with that."
    assert ending(profiles=True, notices=True) == both


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
