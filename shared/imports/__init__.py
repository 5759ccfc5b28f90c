"""Spreadsheets of years come in: read, checked row by row, applied, taken back. A service says which kinds (`kind.py`), and has the rest from here."""

from collections.abc import Sequence

from shared.service import Job


def jobs(kinds: Sequence[object]) -> list[Job]:
    """What a worker of a service with these kinds does for them."""
    from typing import Any, cast

    from shared.imports import forgetting, judging, reading

    known = cast("Sequence[Any]", kinds)
    return [reading.job(known), judging.job(known), forgetting.JOB]
