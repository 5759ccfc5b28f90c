"""A configuration as it would be: what a draft takes the place of, and what stays."""

from pathlib import Path

import pytest

from shared.profiles.drafting import drafted
from shared.worktime.holidays import Knowledge, NoticeMistake


def a_notice(off: str, *, year: int = 2027, country: str = "CN") -> str:
    since, until = off.split("/")
    return f'country = "{country}"\nyear = {year}\nsource = "x"\noff = [{{ since = {since}, until = {until}, name = "y" }}]\n'


FIRST = a_notice("2027-01-01/2027-01-03")


@pytest.fixture
def config(tmp_path: Path) -> Path:
    (tmp_path / "holidays").mkdir()
    (tmp_path / "holidays/2027.toml").write_text(FIRST)
    (tmp_path / "holidays/us.toml").write_text(a_notice("2027-07-04/2027-07-04", country="US"))
    return tmp_path


CASES = [
    ("2027", a_notice("2027-01-02/2027-01-04"), ["2027", "us"], "a file of the same name"),
    ("2027-corrected", a_notice("2027-01-03/2027-01-04"), ["2027-corrected", "us"], "the same country and year"),
    ("2027", a_notice("2027-07-05/2027-07-05", country="US"), ["2027"], "both"),
    ("2027-hasty", FIRST.replace('"x"', "1"), ["2027-hasty", "us"], "also with a mistake in it"),
    ("2028", a_notice("2028-01-01/2028-01-03", year=2028), ["2027", "2028", "us"], "another year"),
    ("jp", a_notice("2027-01-01/2027-01-03", country="JP"), ["2027", "jp", "us"], "another country"),
]


@pytest.mark.parametrize(("name", "text", "files", "why"), CASES, ids=[it[3] for it in CASES])
def test_what_a_draft_of_a_notice_takes_the_place_of(config, name, text, files, why):
    with drafted(config, notices={name: text}) as folder:
        assert sorted(it.stem for it in (folder / "holidays").iterdir()) == files
        assert (folder / f"holidays/{name}.toml").read_text() == text
        if "mistake" in why:
            with pytest.raises(NoticeMistake, match=r"^2027-hasty\.toml: source is 1"):
                Knowledge.read(folder / "holidays")
        else:
            assert len(Knowledge.read(folder / "holidays").notices) == len(files), "and nothing collides"


def test_the_folder_itself_stays_as_it_is(config):
    with drafted(config, notices={"2027-corrected": FIRST}):
        assert sorted(it.name for it in (config / "holidays").iterdir()) == ["2027.toml", "us.toml"]


def test_what_can_not_be_read_takes_nothings_place(config):
    (config / "holidays/old.toml").write_bytes(b"\xff")
    with drafted(config, notices={"new": "year = "}) as folder:
        assert sorted(it.stem for it in (folder / "holidays").iterdir()) == ["2027", "new", "old", "us"]


def test_a_draft_of_a_profile_takes_the_place_of_its_name(config):
    (config / "profiles").mkdir()
    for name in ("ninth", "tenth"):
        (config / f"profiles/{name}.toml").write_text("version = 1")
    with drafted(config, profiles={"ninth": "version = 2"}) as folder:
        assert {it.stem: it.read_text() for it in (folder / "profiles").iterdir()} == {"ninth": "version = 2", "tenth": "version = 1"}
