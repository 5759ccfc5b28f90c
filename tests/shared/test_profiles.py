"""Trade profiles: what extends what, where a number comes from, and whose calendar holds for whom."""

from pathlib import Path

import pytest

from services.complaints.domain.policy import Policy
from shared import profiles
from shared.profiles import Part, Trade, files, reading
from shared.units import Unit, Units
from shared.worktime.span import Span

HEAD = 'version = 1\nby = "s-1"\nwhy = "To see."\n'
OF_ITS_OWN = '[calendar]\nhours = [{ since = "09:00", until = "18:00" }]\n'
ONE = Units(default="a", units={"a": Unit(profile="ninth")})


def written(folder: Path, **profiles: str) -> Path:
    """A folder of an operator, with these profiles."""
    (folder / "profiles").mkdir(exist_ok=True)
    for name, text in profiles.items():
        (folder / f"profiles/{name}.toml").write_text(HEAD + text, encoding="utf-8")
    return folder


def read(config: Path | None, units: Units = ONE) -> Trade[Policy]:
    return profiles.read("complaints", Policy, units, config)


def test_tables_are_merged_and_lists_and_values_replaced(tmp_path):
    it = read(
        written(tmp_path, ninth='extends = "standard"\n[complaints.milestones.plan]\nlimits = [{ within = "1 wd", rule = "ours" }]\n')
    ).policy("a")
    standard = read(None, Units(default="a", units={"a": Unit()})).policy("a")
    assert [str(limit.within) for limit in it.milestones.plan.limits] == ["1 wd"]
    assert it.milestones.plan.owner == standard.milestones.plan.owner
    assert (it.milestones.result, it.reopening) == (standard.milestones.result, standard.reopening)


def test_an_operators_own_takes_the_place_of_the_shipped_one_and_may_extend_it(tmp_path):
    config = written(
        tmp_path,
        standard='extends = "standard"\n[complaints]\nmajor_from_round = 7\n',
        ninth='extends = "steel"\n[complaints.dissatisfied]\nleader = 9\n',
    )
    it = read(config).policy("a")
    assert (it.major_from_round, it.dissatisfied.supervisor, it.dissatisfied.leader) == (7, 2, 9)


def test_who_decided_it_is_not_inherited(tmp_path):
    it = read(written(tmp_path, ninth='extends = "standard"\n')).profile("a")
    assert (it.name, it.version, it.by, it.why) == ("ninth", 1, "s-1", "To see.")


def test_the_digest_tells_a_change_of_content_and_nothing_else(tmp_path):
    def digest(text: str) -> str:
        return read(written(tmp_path, ninth=text)).profile("a").digest

    first = digest('extends = "standard"\n')
    assert len(first) == 8
    assert digest('# why not\nextends = "standard"\n[complaints]\nmajor_from_round = 2\n') == first
    assert digest('extends = "standard"\n[complaints]\nmajor_from_round = 3\n') != first
    assert digest('extends = "standard"\n[calendar]\nholidays = "none"\n') != first
    assert digest('extends = "standard"\n[reception.answering]\nrings = 4\n') == first, "another service's numbers"
    short = [f'{day} = [{{ since = "09:00", until = "12:00" }}]\n' for day in ("monday", "tuesday")]
    one, other = (digest('extends = "standard"\n[calendar.days]\n' + "".join(days)) for days in (short, reversed(short)))
    assert one == other != first, "in whatever order they are written"


def test_the_content_is_what_is_written_merged(tmp_path):
    content = read(written(tmp_path, ninth='extends = "standard"\n[calendar]\nrest = ["friday"]\n')).profile("a").content
    assert set(content) == {"complaints", "calendar"}
    assert (content["calendar"]["rest"], content["calendar"]["holidays"]) == (["friday"], "CN")


def test_a_service_without_numbers_needs_no_table(tmp_path):
    trade = profiles.read("customers", Part, ONE, written(tmp_path, ninth=OF_ITS_OWN))
    assert trade.policy("a") == Part()


def test_another_services_table_is_no_concern_of_this_one(tmp_path):
    assert read(written(tmp_path, ninth='extends = "standard"\n[reception.answering]\nrings = "many"\n'))


def test_a_unit_that_is_not_known_works_as_the_default_one():
    trade = read(None, Units(default="a", units={"a": Unit(profile="steel")}))
    assert trade.policy("nowhere") is trade.policy("a")


def test_whose_calendar_holds(tmp_path):
    config = written(tmp_path, ninth='extends = "decoration"\n')
    (config / "calendars.toml").write_text(
        '[calendars.hall]\nhours = [{ since = "08:00", until = "20:00" }]\nrest = ["monday"]\n'
        '[calendars.night]\nhours = [{ since = "20:00", until = "08:00" }]\n'
    )
    units = Units(
        default="a",
        units={"a": Unit(profile="ninth"), "b": Unit(profile="ninth", calendar="hall"), "c": Unit(calendar="hall", zone="Asia/Tokyo")},
    )
    trade = read(config, units)
    assert trade.calendar("a").part.rest == ("tuesday",)
    assert trade.calendar("b").part.rest == ("monday",)
    assert trade.calendar("b", "night").name == "night"
    assert trade.calendar("a") is trade.calendar("a"), "made once"
    assert trade.calendar("b") is trade.calendar("a", "hall"), "the same clocks on the wall"
    assert trade.calendar("c") is not trade.calendar("b"), "other clocks on the wall"


def test_where_each_key_comes_from(tmp_path):
    among = files.sources(written(tmp_path, ninth='extends = "gas"\n[complaints.dissatisfied]\nleader = 9\n'))
    it = files.whole(among["ninth"][0], among)
    assert [it.file(where) for where in (("complaints", "dissatisfied", "leader"), ("calendar", "rest"), ("complaints", "reopening"), ("nothing",))] == [
        "profiles/ninth.toml", "shared/profiles/trades/gas.toml", "shared/profiles/trades/standard.toml", "profiles/ninth.toml",
    ]  # fmt: skip


def test_a_draft_takes_the_place_of_an_operators_own(tmp_path):
    config = written(tmp_path, ninth='extends = "standard"\n[complaints]\nmajor_from_round = 7\n')
    draft = tmp_path / "ninth.toml"
    draft.write_text(HEAD + 'extends = "standard"\n')
    among = files.sources(config, [draft])
    assert [it.label for it in among["ninth"]] == [str(draft)]
    assert reading.look({"complaints": Policy}, config, among["ninth"], among).profiles["ninth"]["complaints"].policy.major_from_round == 2


def test_a_limit_may_name_a_calendar_of_a_team(tmp_path):
    config = written(
        tmp_path,
        ninth='extends = "standard"\n[complaints.milestones.plan]\nlimits = [{ within = "1 wd", rule = "ours", calendar = "hall" }]\n',
    )
    (config / "calendars.toml").write_text('[calendars.hall]\nhours = [{ since = "08:00", until = "20:00" }]\n')
    [limit] = read(config).policy("a").milestones.plan.limits
    assert (limit.calendar, limit.within) == ("hall", Span.parse("1 wd"))


def test_all_mistakes_of_all_files_are_told_at_once_each_once(tmp_path):
    config = written(
        tmp_path,
        ninth='extends = "eighth"\n[complaints.fast]\ncompensation = "much"\n',
        eighth='extends = "standard"\n[complaints]\nreopening = 3.5\n',
    )
    (config / "calendars.toml").write_text("calendars = 1\n")
    units = Units(default="a", units={"a": Unit(profile="ninth"), "b": Unit(profile="eighth"), "c": Unit(calendar="hall")})
    with pytest.raises(SystemExit) as refused:
        read(config, units)
    assert str(refused.value).splitlines() == [
        'units.toml: units.c.calendar is "hall": there is no such calendar; calendars.toml has none.',
        "calendars.toml: calendars is 1: a table belongs here.",
        'profiles/eighth.toml: complaints.reopening is 3.5: a duration, as in "P30D" or "PT72H", belongs here.',
        'profiles/ninth.toml: complaints.fast.compensation is "much": an amount in quotes, as in "100.00", belongs here.',
    ]
