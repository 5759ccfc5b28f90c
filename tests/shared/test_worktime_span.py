"""Spans as the business writes them."""

from datetime import timedelta

import pytest
from pydantic import BaseModel, ValidationError

from shared.worktime.span import Measure, Span

WRITTEN = 'a span is a whole number and one of min, h, cd (calendar days), wh (working hours), wd (working days), as in "3 wd"'


class Written(BaseModel):
    within: Span


@pytest.mark.parametrize("text", ["0 min", "90 min", "24 h", "15 cd", "2 wh", "3 wd"])
def test_a_span_is_written_as_it_is_read(text: str) -> None:
    """D-09: calendar days and working days are two measures."""
    span = Span.parse(text)
    assert str(span) == text
    assert Written(within=text).within == span == Written(within=span).within
    assert (
        Written(within=span).model_dump(mode="json")
        == {"within": text}
        == Written.model_validate_json(f'{{"within": "{text}"}}').model_dump(mode="json")
    )


@pytest.mark.parametrize(
    "text", ["", "3", "3wd", "3  wd", " 3 wd", "3 wd\n", "-1 h", "1.5 h", "3 days", "3 WD", "٣ wd", "wd 3", 3, None, ["3 wd"]]
)
def test_what_is_no_span(text: object) -> None:
    with pytest.raises(ValidationError) as error:
        Written.model_validate({"within": text})
    assert error.value.errors()[0]["msg"] == f"Value error, {WRITTEN}"


@pytest.mark.parametrize("text", ["36526 cd", "36526 wd", "876601 h", "99999999999999999999 min"])
def test_a_slip_of_the_hand(text: str) -> None:
    with pytest.raises(ValueError, match="a hundred years"):
        Span.parse(text)


def test_days_have_no_length() -> None:
    assert Span.parse("90 min").exact == timedelta(minutes=90) and Span.parse("2 wh").exact == Span.parse("2 h").exact == timedelta(hours=2)
    for text in ("1 cd", "1 wd"):
        with pytest.raises(ValueError, match="counted"):
            Span.parse(text).exact  # noqa: B018


def test_no_span_is_negative() -> None:
    with pytest.raises(ValueError, match="a span is"):
        Span(-1, Measure.HOURS)


def test_the_published_schema_has_the_pattern() -> None:
    assert Written.model_json_schema()["properties"]["within"]["pattern"] == "^([0-9]+) (min|h|cd|wh|wd)$"
