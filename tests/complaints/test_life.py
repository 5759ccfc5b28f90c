"""The life of a complaint, step by step in any order, against a small model that knows nothing of the code."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from services.complaints.domain import steps
from services.complaints.domain.answers import Answer, Said, hear
from services.complaints.domain.complaint import Complaint, NotNow, Severity
from services.complaints.domain.policy import Role
from services.complaints.domain.steps import BeyondOwnAuthority
from services.complaints.domain.task import Task
from shared.contracts import Event, Money
from shared.contracts.complaints import ComplaintEvent
from tests.complaints.making import NOON, POLICY, TRADE, a_complaint, number, whom

OPEN = {"received", "acknowledged", "yes", "no", "explained", "investigating", "escalated"}
LEADS = {
    "acknowledgement": ({"received"}, "acknowledged"),
    "explanation": ({"no"}, "explained"),
    "resolution": ({"yes", "explained", "investigating", "escalated"}, "resolved"),
    "acceptance": ({"resolved"}, "accepted"),
    "closing": ({"accepted"}, "closed"),
    "withdrawal": (OPEN, "withdrawn"),
    "escalation": (OPEN, "escalated"),
}
ENDS = {"resolved", "accepted", "closed"}


class Life(RuleBasedStateMachine):
    """The model is a word, a round and the hour until which it can be reopened."""

    @initialize()
    def begin(self) -> None:
        self.it = a_complaint()
        self.place, self.round, self.hour, self.until = "received", 1, 0, 0
        self.tasks: list[Task] = []
        self.calls = 0
        self.begun: set[Any] = set()

    @property
    def at(self) -> Any:
        return NOON + timedelta(hours=self.hour)

    def tries(self, act: Any, may: bool, then: str) -> None:
        try:
            outcome = act()
        except NotNow:
            assert not may, f"{then} was refused in {self.place}"
        else:
            assert may, f"{then} was allowed in {self.place}"
            assert [it.round for it in outcome if isinstance(it, ComplaintEvent)] and all(isinstance(it, Event) for it in outcome)
            self.place = then

    @rule(hours=st.sampled_from([1, 24, 24 * 29, 24 * 30, 24 * 31]))
    def wait(self, hours: int) -> None:
        self.hour += hours

    @rule(name=st.sampled_from(sorted(LEADS)))
    def step(self, name: str) -> None:
        by = {"note_id": None, "by": "s", "at": self.at}
        acts: dict[str, Any] = {
            "acknowledgement": lambda: steps.acknowledge(self.it, None, **by),
            "explanation": lambda: steps.explain(self.it, **by),
            "resolution": lambda: steps.resolve(self.it, None, policy=POLICY, currency="CNY", roles=["specialist"], **by),
            "acceptance": lambda: steps.accept(self.it, **by),
            "closing": lambda: steps.close(self.it, by="s", at=self.at),
            "withdrawal": lambda: steps.withdraw(self.it, **by),
            "escalation": lambda: steps.escalate(self.it, Role.LEADER, **by),
        }
        begins, ends = LEADS[name]
        may = self.place in begins
        self.tries(acts[name], may, ends)
        if may and name == "resolution":
            self.until = self.hour + 30 * 24

    @rule(upheld=st.booleans())
    def judge(self, upheld: bool) -> None:
        def act() -> Any:
            return steps.judge(self.it, Severity.MINOR, upheld=upheld, note_id=None, by="s", at=self.at)

        self.tries(act, self.place in ("received", "acknowledged"), "yes" if upheld else "no")

    @rule()
    def too_dear(self) -> None:
        """CMPL-31: a refusal changes nothing."""
        dear = Money(amount=Decimal(1), currency="CNY")
        try:
            steps.resolve(self.it, dear, policy=POLICY, currency="CNY", roles=["specialist"], note_id=None, by="s", at=self.at)
        except BeyondOwnAuthority:
            assert self.place in LEADS["resolution"][0]
        except NotNow:
            assert self.place not in LEADS["resolution"][0]
        else:
            raise AssertionError("a specialist settled it")

    @rule()
    def reopen(self) -> None:
        may = self.place in ENDS and self.hour <= self.until
        self.tries(
            lambda: steps.reopen(self.it, "asked", policy=POLICY, note_id=None, by="s", at=self.at),
            may,
            "investigating" if may else self.place,
        )
        self.round += may

    @rule()
    def give_up(self) -> None:
        may = self.place == "resolved"
        self.tries(lambda: steps.give_up(self.it, at=self.at), may, "closed")

    @rule(said=st.sampled_from(Said), back=st.sampled_from([None, 0, 0, 0, 1]))
    def answer(self, said: Said, back: int | None) -> None:
        """A call about this round or the one before, or a survey."""
        self.calls += 1
        round = None if back is None else self.it.round - back
        answer = Answer(
            id=str(self.calls), said=said, about=self.it.about, round=round, at=self.at, unit="headquarters", source="/careloop/followup",
            call_id=number(self.calls),
        )  # fmt: skip
        outcome = hear(answer, self.it, None, whom(), self.tasks, trade=TRADE, at=self.at)
        self.tasks += [it for it in outcome if isinstance(it, Task)]
        self.begun |= {it.id for it in outcome if isinstance(it, Complaint)}
        ended = self.place in ENDS or self.place == "withdrawn"
        if round not in (None, self.round) or not ended:
            assert not outcome
        elif said == "dissatisfied" and self.place in ENDS and self.hour <= self.until:
            self.place, self.round = "investigating", self.round + 1
        elif said == "dissatisfied":
            assert answer.complaint_id in self.begun
        elif self.place in ENDS:
            self.place = "closed"

    @invariant()
    def they_agree(self) -> None:
        place = {"yes": "judged", "no": "judged"}.get(self.place, self.place)
        assert (self.it.state, self.it.round) == (place, self.round)
        assert self.place not in ("yes", "no") or self.it.upheld is (self.place == "yes")
        assert (self.it.resolved_at is not None) == (self.it.reopenable_until is not None) == (self.place in ENDS)
        assert (self.it.closed_as is not None) == (self.place == "closed") and (self.it.escalated_to is not None) == (
            self.place == "escalated"
        )
        assert self.round == 1 or self.it.severity == "major"
        assert len({it.id for it in self.tasks}) == len(self.tasks) <= 2 * self.round


Life.TestCase.settings = settings(deadline=None, derandomize=True, max_examples=150, stateful_step_count=40)
TestLife = Life.TestCase
