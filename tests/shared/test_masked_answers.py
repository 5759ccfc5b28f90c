"""No answer of any service shows text as it is but what is named here, with the reason; only looking behind the mask does.

Whoever gives an answer a new field that can hold text masks it, makes it a code, or says here why nobody's number can stand in it."""

import types
from collections.abc import Iterator
from datetime import date, datetime
from decimal import Decimal
from enum import Enum
from importlib import import_module
from typing import Annotated, Any, Literal, Union, get_args, get_origin
from uuid import UUID

import pytest
from fastapi.routing import APIRoute
from pydantic import BaseModel, WithJsonSchema

from shared.http import View
from shared.masking import MaskedFacts, MaskedPhone, MaskedText
from shared.topics import SERVICES

PLAIN = {  # by field, wherever it stands, or by model and field
    "a unit of ours": "unit units EventView.orgunit",
    "a system, as its publisher or our own list calls it": "source system",
    "a staff id": "by printed_by written_by recorded_by disclosed_by requested_by decided_by attempted_by completed_by answered_by handed_over_by approved_by"
    " ended_by assigned_to done_by to_staff staff_id VisitView.applicant VisitWithNotes.applicant",
    "a role or post of ours": "role roles posts to_role owner",
    "the number of an order or a parcel: it is looked for by it": "order_id shipment_id reference",
    "our own id, with the kind of thing before it": "about follows Form.number Exact.exact EventView.subject ComplaintView.number WholeComplaintView.number",
    "a code of our code": "milestone rule because NoticeView.reason StaffNoticeView.reason kind ParkedView.allowed ImportView.allowed ParkedSummary.code ParkedView.code"
    " Stop.reason ArrivalView.state StaffDeliveryView.state DeliveryView.state DeliveryView.channel StaffDeliveryView.channel ErasureView.waits_for"
    " LineView.action LineView.purpose LineView.outcome ErasureView.answers AnswerView.counts LimitView.since",
    "fields of the file, by name": "fields QuestionView.field ReasonView.field",
    "our own word for what can be imported": "KindView.name KindView.title FieldView.name FieldView.headings FieldView.means FieldView.example",
    "a register of ours, its address, a sentence of ours": "ExportView.register_name ExportView.file ExportView.why",
    "a sentence of ours that says how to write it, with made-up numbers": "QuestionView.fix ReasonView.fix",
    "a code that the form of the request allows, of lower-case letters": "category cause ComplaintView.channel WholeComplaintView.channel ComplaintGroup.channel"
    " InquiryView.channel InquiryWithNotes.channel InquiryView.handed_to InquiryWithNotes.handed_to CallView.aspects SkillView.code",
    "a reason that the unit's profile names": "PauseView.reason",
    "a product or a department, as our own lists call it": "product department",
    "money": "amount currency",
    "a language, a place on the clock": "language time_zone zone ArrivalView.told promised_delivery_until",
    "the company's own trade profile and calendar": "content digest CalendarView.days CalendarView.hours CalendarView.holidays CalendarView.name"
    " CalendarView.rest CalendarView.roster CalendarView.shifts ProfileView.name VersionView.name VersionView.build ClockView.profile within arithmetic",
    "made of codes and moments": "Sentences.zh Sentences.en",
    "a topic or a type of the published language": "topic EventView.type EventView.specversion",
    "a person at work is told there: a staff id or the name of a chat": "StaffDeliveryView.to",
    "a hash, a cursor": "LineView.hash Page.next",
    "it is what was disclosed": "Disclosed.values",
}
REASONS = {name: reason for reason, names in PLAIN.items() for name in names.split()}
HARMLESS = bool, int, float, Decimal, datetime, date, UUID, Enum, type(None)


def texts(kind: Any, place: tuple[str, str], seen: set[Any]) -> Iterator[tuple[str, str]]:
    """Where something stands that can hold any text, by model and field."""
    origin = get_origin(kind)
    if origin is Annotated:
        if not masks(get_args(kind)[1:]):
            yield from texts(get_args(kind)[0], place, seen)
    elif origin is Literal or (isinstance(kind, type) and issubclass(kind, HARMLESS)):
        return
    elif isinstance(kind, type) and issubclass(kind, BaseModel):
        if kind not in seen:
            seen.add(kind)
            for name, field in kind.model_fields.items():
                if not masks(field.metadata):
                    yield from texts(field.annotation, (kind.__name__.partition("[")[0], name), seen)
    elif origin in (Union, types.UnionType) or (origin is not None and get_args(kind)):
        for part in get_args(kind):
            yield from texts(part, place, seen)
    else:
        yield place  # a string, Any, and whatever is not known here


def masks(metadata: Any) -> bool:
    return any(isinstance(it, WithJsonSchema) and "x-masked" in (it.json_schema or {}) for it in metadata)


def shown(service: str) -> set[tuple[str, str]]:
    """In all answers of a service but those of looking behind the mask."""
    routes = [it for router in import_module(f"services.{service}.app").service.routers() for it in router.routes]
    found: set[tuple[str, str]] = set()
    for route in routes:
        assert isinstance(route, APIRoute)
        if not route.path.endswith("/unmasking"):
            shows = route.response_model or getattr(route.response_class, "shows", None)  # a form is drawn of a model, too
            assert shows is not None or route.status_code == 204, f"{route.path}: nobody knows what it shows"
            found |= {*texts(shows, ("answer", route.path), set())}
    return found


def unmasked(found: set[tuple[str, str]]) -> list[str]:
    return sorted(f"{model}.{name}" for model, name in found if name not in REASONS and f"{model}.{name}" not in REASONS)


@pytest.mark.parametrize("service", sorted(SERVICES))
def test_no_answer_shows_text_as_it_is_without_a_reason(service: str) -> None:
    assert unmasked(shown(service)) == []


def test_no_reason_is_left_over() -> None:
    found = {it for service in SERVICES for it in shown(service)}
    assert REASONS.keys() - {name for _, name in found} - {f"{model}.{name}" for model, name in found} == set()


class Part(View):
    said: dict[str, list[str]] | None


class Seen(View):
    phone: str
    mobile: MaskedPhone | None
    words: list[MaskedText]
    facts: MaskedFacts
    more: list[MaskedFacts]
    loose: dict[str, Any]
    parts: list[Part]
    number: int | None
    state: Literal["on", "off"]


def test_such_a_field_is_noticed_wherever_it_stands() -> None:
    assert unmasked({*texts(list[Seen], ("answer", "/"), set())}) == ["Part.said", "Seen.loose", "Seen.phone"]


def test_a_masked_field_is_shown_masked() -> None:
    call, hidden = "call 13800138000", "call +86 138****8000"
    told = Seen(
        phone="+8613800138000", mobile="+8613800138000", words=[call], facts={"said": [call, 5, None]}, more=[{"a": {"b": call}}], loose={},
        parts=[], number=1, state="on",
    ).model_dump(mode="json")  # fmt: skip
    assert (told["phone"], told["mobile"]) == ("+8613800138000", "+86 138****8000")
    assert (told["words"], told["facts"], told["more"]) == ([hidden], {"said": [hidden, 5, None]}, [{"a": {"b": hidden}}])
