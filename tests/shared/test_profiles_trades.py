"""The trades that are shipped: all of them can be used, and each of their numbers says where it comes from."""

import re
import tomllib
from importlib import import_module
from itertools import pairwise

import pytest

from shared.profiles import files, reading

TRADES = sorted(files.SHIPPED.glob("*.toml"))
SERVICES = "complaints", "customers", "followup", "reception"
PARTS = {name: import_module(f"services.{name}.domain.policy").Policy for name in SERVICES}
SOURCE = re.compile(r"\bours\b|\b[A-Z]{4}-L?\d{2}\b|\bD-\d{2}\b")


def found() -> reading.Found:
    among = files.sources(None)
    return reading.look(PARTS, None, [it[0] for it in among.values()], among)


def test_they_are_the_nine_of_the_rules():
    assert [it.stem for it in TRADES] == [
        "dealership", "decoration", "distributor", "gas", "laboratory", "project", "property", "standard", "steel",
    ]  # fmt: skip


def test_none_has_a_mistake():
    assert [str(it) for it in found().mistakes] == []


def without_a_source(text: str) -> list[str]:
    """Lines with a number, a span or a time, in which nobody says where it comes from."""
    lines = [line for line in text.splitlines() if not line.startswith(("#", "version"))]
    return [line for line in lines if re.search(r"\d", line.partition("#")[0]) and not SOURCE.search(line)]


@pytest.mark.parametrize("trade", TRADES, ids=lambda it: it.stem)
def test_every_number_names_its_rule_or_says_that_it_is_ours(trade):
    assert without_a_source(trade.read_text(encoding="utf-8")) == []


@pytest.mark.parametrize("line", ["rings = 3", 'within = "3 wd"', 'since = "21:00"  # night', '{ within = "3 wd", rule = "their own" },'])
def test_a_number_without_its_rule_would_be_seen(line):
    assert without_a_source(f"version = 1\n{line}") == [line]


@pytest.mark.parametrize("trade", TRADES, ids=lambda it: it.stem)
def test_each_is_a_first_version_as_shipped_and_extends_the_standard(trade):
    head = tomllib.loads(trade.read_text(encoding="utf-8"))
    assert (head["version"], head["by"], head["why"]) == (1, "careloop", "As shipped.")
    assert head.get("extends") == (None if trade.stem == "standard" else "standard")


@pytest.mark.parametrize("trade", [it for it in TRADES if it.stem != "standard"], ids=lambda it: it.stem)
def test_each_says_only_what_the_standard_does_not(trade):
    among = files.sources(None)
    standard = files.whole(among["standard"][0], among).tables

    def again(own, base, where=""):
        for name, value in own.items():
            if isinstance(value, dict):
                yield from again(value, base.get(name, {}), f"{where}{name}.")
            elif name in base and base[name] == value and not where.startswith("calendar."):  # a calendar is read as one
                yield where + name

    own = {name: it for name, it in tomllib.loads(trade.read_text(encoding="utf-8")).items() if name in files.TABLES}
    assert list(again(own, standard)) == []


CASES = [  # trade, service, milestone, within, since, when, rule
    ("standard", "complaints", "acknowledgement", "2 wh", "received", {}, "ours, D-02"),
    ("standard", "complaints", "plan", "3 wd", "received", {}, "ours, D-02"),
    ("standard", "complaints", "result", "promised", "received", {}, "CMPL-05"),
    ("standard", "complaints", "result", "5 wd", "received", {"severity": ("major",)}, "ours"),
    ("standard", "reception", "answer", "1 wd", "received", {"channel": ("mail", "email")}, "INQY-02"),
    ("standard", "reception", "promise", "promised", "received", {}, "INQY-05"),
    ("steel", "reception", "answer", "5 min", "received", {"channel": ("chat",)}, "INQY-03, ours"),
    ("dealership", "complaints", "acknowledgement", "30 min", "received", {}, "CMPL-01, ours"),
    ("decoration", "complaints", "acknowledgement", "30 min", "received", {}, "CMPL-01, ours"),
    ("laboratory", "complaints", "result", "15 cd", "acknowledged", {}, "CMPL-L09, D-09"),
    ("laboratory", "complaints", "result", "3 wd", "acknowledged", {"severity": ("major",)}, "CMPL-L09"),
    ("project", "complaints", "acknowledgement", "24 h", "received", {}, "CMPL-19, D-29"),
    ("project", "reception", "answer", "24 h", "received", {}, "INQY-09, D-29"),
    ("distributor", "complaints", "acknowledgement", "1 wd", "received", {"follows": ("visit",)}, "CMPL-17"),
    ("distributor", "complaints", "plan", "3 wd", "received", {"follows": ("visit",)}, "CMPL-17"),
    ("distributor", "complaints", "plan", "3 cd", "received", {"follows": ("visit",), "category": ("after_sales",)}, "CMPL-18, D-09"),
]


@pytest.mark.parametrize(("trade", "service", "milestone", "within", "since", "when", "rule"), CASES)
def test_what_the_regulations_give(trade, service, milestone, within, since, when, rule):
    limits = getattr(found().profiles[trade][service].policy.milestones, milestone).limits
    told = [("promised" if it.promised else str(it.within), it.since, it.when.model_dump(exclude_defaults=True), it.rule) for it in limits]
    assert (within, since, when, rule) in told


CALLS = [
    ("standard", "complaint", "0 min", "3 cd", "FLUP-06, D-09"),
    ("standard", "visit", "2 h", "1 cd", "FLUP-25, ours"),
    ("decoration", "measurement", "1 wd", "1 wd", "FLUP-09"),
    ("project", "installation", "2 cd", "3 cd", "FLUP-12"),
    ("dealership", "repair", "0 min", "3 cd", "FLUP-06, D-09"),
]


@pytest.mark.parametrize(("trade", "about", "after", "within", "rule"), CALLS)
def test_when_customers_are_asked(trade, about, after, within, rule):
    asking = getattr(found().profiles[trade]["followup"].policy.calls, about)
    assert (str(asking.after), str(asking.within), asking.rule) == (after, within, rule)


def test_when_the_decoration_company_works_and_calls():  # ORGN-04, FLUP-18
    it = found().profiles["decoration"]["followup"]
    assert it.calendar.rest == ("tuesday",)
    assert it.content["calendar"]["hours"] == [{"since": "09:00", "until": "12:00"}, {"since": "14:30", "until": "18:00"}]
    assert it.content["followup"]["calls"]["windows"] == [{"since": "10:30", "until": "11:30"}, {"since": "15:00", "until": "17:30"}]


def test_the_gas_hall_is_open_every_day():
    it = found().profiles["gas"]["complaints"].calendar
    assert (it.rest, it.holidays) == ((), "none")


def test_what_is_asked_of_whoever_came_another_way_is_not_stricter_than_what_is_owed_by_mail():
    """The strictest limit wins, so a limit for all channels would take the place of a looser one for mail."""
    limits = found().profiles["standard"]["reception"].policy.milestones.answer.limits
    assert [str(it.within) for it in limits if not it.when.channel] == ["1 wd"]
    assert all(not set(a.when.channel) & set(b.when.channel) for a, b in pairwise(limits))


@pytest.mark.parametrize("name", SERVICES)
def test_each_service_names_its_part(name):
    assert import_module(f"services.{name}.app").service.policy is PARTS[name]
