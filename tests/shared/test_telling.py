"""How a rule asks that somebody at work be told: the same is one request."""

from importlib import import_module

import pytest

from shared.contracts.complaints import NoticeRequested
from shared.ids import customer_of, made_of
from shared.telling import request
from shared.topics import SERVICES

CUSTOMER = customer_of("erp/C-1")


def asked(kind: str = "milestone_missed", about: str = "complaint:1", *once: object, **whom: object) -> NoticeRequested:
    return request(NoticeRequested, kind, about, *once, unit="headquarters", **({"to_role": "supervisor"} | whom))  # type: ignore[arg-type]


def test_the_same_said_again_is_one_request() -> None:
    assert asked().request_id == asked().request_id == made_of("notice requested", "milestone_missed", "complaint:1")
    others = (asked("milestone_at_risk"), asked("milestone_missed", "complaint:2"), asked("milestone_missed", "complaint:1", "plan", 2))
    assert len({it.request_id for it in (asked(), *others)}) == 4


def test_what_is_not_known_is_not_said() -> None:
    assert asked(milestone="plan", severity=None).facts == {"milestone": "plan"}


def test_somebody_has_to_be_told() -> None:
    with pytest.raises(TypeError, match="nobody is to be told"):
        asked(to_role=None)


def test_it_stays_in_order_with_all_that_is_said_of_the_customer() -> None:
    assert asked(customer_id=CUSTOMER).key == str(CUSTOMER) and asked().key == "1"


@pytest.mark.parametrize("service", [it for it in SERVICES if it != "followup"])
def test_tasks_of_every_service_ask_on_its_own_topic(service: str) -> None:
    """Follow-up asks nobody: it tells."""
    task = import_module(f"services.{service}.domain.task").Task
    assert task.request.topic == f"careloop.{service}"
