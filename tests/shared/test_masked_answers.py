"""No answer of any service shows a contact point, or words with one, as it is; only looking behind the mask does."""

import re
from importlib import import_module
from typing import Any

import pytest
from fastapi import FastAPI
from pydantic import BaseModel

from shared.masking import MaskedFacts, MaskedPhone
from shared.topics import SERVICES

PLAIN = re.compile(
    r"phone|mobile|email|mail|caller|address|text$|remark|question|^answer$|content$|remedy|display_name|contact_person|business_scope"
    r"|^call_id$|^guest_|^purpose_of|subject_line|wording|^body$"
)


def shown(document: dict[str, Any]) -> set[str]:
    """Every model that an answer is made of, but those of looking behind the mask."""
    waiting = [
        answer for path, steps in document["paths"].items() if not path.endswith("/unmasking") for step in steps.values()
        for answer in step["responses"].values()
    ]  # fmt: skip
    found: set[str] = set()
    while waiting:
        for name in re.findall(r"#/components/schemas/([\w\-.]+)", str(waiting.pop())):
            if name not in found:
                found.add(name)
                waiting.append(document["components"]["schemas"].get(name, {}))
    return found


def unmasked(document: dict[str, Any]) -> list[str]:
    return [
        f"{model}.{name}"
        for model in sorted(shown(document))
        for name, field in document["components"]["schemas"].get(model, {}).get("properties", {}).items()
        if PLAIN.search(name) and "string" in str(field) and "x-masked" not in str(field)
    ]


@pytest.mark.parametrize("service", sorted(SERVICES))
def test_no_answer_has_a_field_of_contact_points_or_words_that_is_not_masked(service: str) -> None:
    app = FastAPI()
    for router in import_module(f"services.{service}.app").service.routers():
        app.include_router(router)
    assert unmasked(app.openapi()) == []


def test_such_a_field_is_noticed() -> None:
    class Seen(BaseModel):
        phone: str
        mobile: MaskedPhone | None
        facts: MaskedFacts

    app = FastAPI()
    app.get("/", response_model=Seen)(lambda: None)
    assert unmasked(app.openapi()) == ["Seen.phone"]
    told = Seen(phone="+8613800138000", mobile="+8613800138000", facts={"said": ["call 13800138000", 5, None]})
    assert told.model_dump(mode="json") == {
        "phone": "+8613800138000", "mobile": "+86 138****8000", "facts": {"said": ["call +86 138****8000", 5, None]},
    }  # fmt: skip
