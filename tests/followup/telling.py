"""Colleagues, requests and chats for the tests of what people at work are told."""

from datetime import datetime
from typing import Any

from services.followup.domain.colleague import Colleague
from services.followup.domain.staff_notice import StaffNotice
from services.followup.domain.staff_planning import Doors
from shared.contracts.complaints import NoticeRequested
from shared.ids import uuid7
from shared.telling import request
from tests.followup.conftest import local
from tests.makers import Record, record

TEN = local(10)  # a Tuesday
CHATS = {"headquarters.supervisor": 2048}


def a_colleague(id: str, *roles: str, unit: str = "headquarters", email: str | None = "", **facts: Any) -> Colleague:
    address = f"{id}@example.com" if email == "" else email
    return Colleague(id=id, unit=unit, roles=list(roles), email=address, active=facts.pop("active", True), **facts)


def staff(*colleagues: Colleague) -> dict[str, Colleague]:
    return {it.id: it for it in colleagues}


def away(since: str, until: str | None) -> list[dict[str, str | None]]:
    return [{"from": since, "until": until}]


def asked(kind: str = "milestone_missed", about: str = "complaint:1", *once: object, **facts: Any) -> NoticeRequested:
    whom = {"unit": "headquarters"} | ({} if {"to_staff", "to_role"} & facts.keys() else {"to_role": "supervisor"})
    return request(NoticeRequested, kind, about, *once, **(whom | facts))


def a_notice(kind: str = "milestone_missed", about: str = "complaint:1", *once: object, at: datetime = TEN, **facts: Any) -> StaffNotice:
    return StaffNotice.of(asked(kind, about, *once, **facts), at=at)


def doors(chats: dict[str, int] | None = None, *, mail: bool = True, per_minute: int = 20) -> Doors:
    largest = CHATS if chats is None else chats
    return Doors(largest=largest, per_minute=dict.fromkeys(largest, per_minute), mail=mail)


def told(event: NoticeRequested, *, at: datetime = TEN, by: str = "complaints") -> Record:
    """As a service publishes it."""
    body = event.model_dump(mode="json")
    return record(
        event.name, body, source=f"/careloop/{by}", id=str(uuid7()), topic=f"careloop.{by}", key=event.key, at=at, unit=event.unit
    )


def declared(id: str, *roles: str, unit: str = "headquarters", **facts: Any) -> Record:
    body = {
        "staff_id": id,
        "display_name": id,
        "unit": unit,
        "posts": [],
        "roles": list(roles),
        "active": True,
        "email": f"{id}@example.com",
    } | facts
    return record("staff.declared.v1", body, source="/crm", key=id)
