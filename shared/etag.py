"""Changes to what others may change too: answers carry `ETag: "<version>"`, a change says in `If-Match` which version it means."""

import re
from typing import Annotated

from fastapi import Depends, Header, Response

from shared.problems import Changed, Malformed, VersionMissing

HOW = 'Send `If-Match: "<version>"` with the ETag you read.'
TAGS = re.compile(r'\s*(\*|"[^"]*"(\s*,\s*"[^"]*")*)\s*')


class Expected:
    """The versions a caller is ready to change; all of them if it did not say."""

    def __init__(self, tags: frozenset[str] | None) -> None:
        self._tags = tags

    def check(self, version: int) -> None:
        if self._tags is not None and str(version) not in self._tags:
            raise Changed(
                f"It is at version {version} now.",
                headers={"ETag": f'"{version}"'},
                field="If-Match",
                fix="Read it again and decide anew, with the new ETag as If-Match.",
            )


async def _if_given(if_match: Annotated[str | None, Header(description='`"<version>"` as the ETag said')] = None) -> Expected:
    if if_match is None:
        return Expected(None)
    if not TAGS.fullmatch(if_match):
        raise Malformed('If-Match is not a version in double quotes: `If-Match: "3"`.', field="If-Match", fix=HOW)
    return Expected(None if if_match.strip() == "*" else frozenset(re.findall(r'"([^"]*)"', if_match)))


async def _required(
    expected: Annotated[Expected, Depends(_if_given)],
    if_match: Annotated[str | None, Header(description='`"<version>"` as the ETag said')] = None,
) -> Expected:
    if if_match is None:
        raise VersionMissing(
            "Several people work on this, so a change must say what it has seen.",
            field="If-Match",
            fix=HOW,
        )
    return expected


IfMatch = Annotated[Expected, Depends(_required)]  # steps of a complaint, changes of a visit
IfMatchIfGiven = Annotated[Expected, Depends(_if_given)]  # calls and inquiries


def tag(response: Response, version: int) -> None:
    response.headers["ETag"] = f'"{version}"'
