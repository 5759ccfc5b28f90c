"""Whatever happens to a complaint in whatever order, its clocks are in line: over the real rules, with time, pauses and holidays that change."""

from datetime import datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from services.complaints.app import trade_of
from services.complaints.domain import pausing, steps, timekeeping
from services.complaints.domain.clock import Watch
from services.complaints.domain.complaint import NotNow, Severity
from services.complaints.domain.policy import Trade
from shared.clocks.clock import State
from shared.clocks.deadlines import explain
from shared.clocks.terms import Facts, by_milestones
from shared.errors import Refusal
from tests.complaints.making import NOON, POLICY, TRADE, a_complaint
from tests.rooms import UNITS

LABORATORY = UNITS.model_copy(update={"units": {name: it.model_copy(update={"profile": "laboratory"}) for name, it in UNITS.units.items()}})


def informed(*days: str) -> Trade:
    """The standard trade, where these days are off."""
    off = ", ".join(f'{{ since = {day}, until = {day}, name = "x" }}' for day in days)
    with TemporaryDirectory() as folder:
        (Path(folder) / "holidays").mkdir()
        (Path(folder) / "holidays" / "n.toml").write_text(f'country = "CN"\nyear = 2026\nsource = "a notice"\noff = [{off}]\n')
        return trade_of(UNITS, Path(folder))


KNOWN = [TRADE, informed("2026-01-07", "2026-01-08"), informed("2026-01-06")]
WHO: dict[str, Any] = {"note_id": None, "by": "s-1"}


class Course(RuleBasedStateMachine):
    @initialize(trade=st.sampled_from([TRADE, trade_of(LABORATORY)]))
    def begin(self, trade: Trade) -> None:
        self.at, self.trade = NOON, trade
        self.it, self.clocks, self.said = a_complaint(), list[Watch](), list[Any]()
        self.in_line()

    def in_line(self, outcome: Any = ()) -> None:
        for it in (*outcome, *timekeeping.in_line(self.it, self.clocks, trade=self.trade, at=self.at)):
            self.clocks.append(it) if isinstance(it, Watch) else self.said.append(it)

    def tries(self, act: Any) -> None:
        """A step that is refused leaves nothing behind: as in a transaction, what it had done to the rows is taken back."""
        before = [(row, row.model_dump()) for row in (self.it, *self.clocks)]
        try:
            outcome = act()
        except (NotNow, Refusal):
            for row, was in before:
                for name, value in was.items():
                    setattr(row, name, value)
            return
        self.in_line(outcome)

    @rule(minutes=st.sampled_from([1, 59, 180, 1440, 2880]))
    def wait(self, minutes: int) -> None:
        self.at += timedelta(minutes=minutes)

    @rule()
    def look(self) -> None:
        for clock in self.clocks:
            if clock.next_at is not None and clock.next_at < self.at:
                due = clock.due_at
                self.said += clock.tick(clock.runs_by(self.trade.knowledge), self.at)
                assert clock.due_at >= due

    @rule(hours=st.sampled_from([None, 2, 24, 100]))
    def acknowledge(self, hours: int | None) -> None:
        by = self.at + timedelta(hours=hours) if hours else None
        self.tries(lambda: steps.acknowledge(self.it, by, at=self.at, **WHO))

    @rule(severity=st.sampled_from(Severity), upheld=st.booleans())
    def judge(self, severity: Severity, upheld: bool) -> None:
        self.tries(lambda: steps.judge(self.it, severity, upheld=upheld, at=self.at, **WHO))

    @rule(which=st.sampled_from(["explain", "withdraw"]))
    def explain_or_withdraw(self, which: str) -> None:
        self.tries(lambda: getattr(steps, which)(self.it, at=self.at, **WHO))

    @rule()
    def resolve(self) -> None:
        self.tries(lambda: steps.resolve(self.it, None, policy=POLICY, currency="CNY", roles=["supervisor"], at=self.at, **WHO))

    @rule()
    def reopen(self) -> None:
        self.tries(lambda: steps.reopen(self.it, "asked", policy=POLICY, at=self.at, **WHO))

    @rule(hours=st.sampled_from([1, 5, 24, 60]))
    def pause(self, hours: int) -> None:
        until = self.at + timedelta(hours=hours)
        self.tries(
            lambda: pausing.pause(
                self.it, self.clocks, "awaiting_customer", until, trade=self.trade, roles=["supervisor"], by="s-9", at=self.at
            )
        )

    @rule()
    def resume(self) -> None:
        self.tries(lambda: pausing.resume(self.it, self.clocks, trade=self.trade, by="s-9", at=self.at))

    @precondition(lambda self: self.trade in KNOWN)
    @rule(trade=st.sampled_from(KNOWN))
    def learn(self, trade: Trade) -> None:
        self.trade = trade
        for clock in self.clocks:
            if clock.is_open and clock.known != trade.knowledge.fingerprint(clock.holidays):
                clock.reckon_anew(clock.runs_by(trade.knowledge), self.at)
                assert clock.known == trade.knowledge.fingerprint(clock.holidays)
                self.said += clock.tick(clock.runs_by(trade.knowledge), self.at)

    @invariant()
    def each_once(self) -> None:
        assert len({clock.id for clock in self.clocks}) == len(self.clocks)
        for clock in self.clocks:
            heard = [it.name.split(".")[1] for it in self.said if getattr(it, "clock_id", None) == clock.id]
            assert heard.count("missed") == (clock.state is State.MISSED) and heard.count("at_risk") <= 1
            assert 0 <= heard.count("paused") - heard.count("resumed") <= 1
            assert (clock.next_at is None) == (not clock.is_open)

    @invariant()
    def nothing_runs_on(self) -> None:
        """While it waits all of it waits; what is over owes nothing."""
        states = {clock.state for clock in self.clocks if clock.is_open}
        assert len(states) <= 1
        assert not states or (self.it.resolved_at is None and self.it.state != "withdrawn")

    @invariant()
    def what_is_said_agrees(self) -> None:
        """The last pause in the ledger ends where it is due, and neither the terms nor the profile in force would have it elsewhere."""
        for clock in self.clocks:
            terms = clock.runs_by(self.trade.knowledge)
            assert explain(clock, self.trade)["why"]["en"]
            if not clock.is_open:
                continue
            after = [pause["due_after"] for pause in clock.pauses if pause["due_after"]]
            assert not after or datetime.fromisoformat(after[-1]) == clock.due_at
            facts = Facts.load(clock.facts)
            for by in (terms, by_milestones(self.trade, clock.unit, clock.milestone, facts)):
                assert by and by.moved(by.reckon(facts), clock.pauses)[0][0] == clock.due_at


TestCourse = Course.TestCase
TestCourse.settings = settings(deadline=None, derandomize=True, max_examples=60, stateful_step_count=30)
