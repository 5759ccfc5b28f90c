"""Forms over HTTP: HTML for a browser, PDF for a printer, by `?format=` or `Accept`.

The form is filled in within the request's transaction and drawn after it, so nobody keeps a connection while a page is laid out."""

import asyncio
from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any, ClassVar, Literal
from urllib.parse import quote

from fastapi import Depends, Header, Query
from sqlmodel.ext.asyncio.session import AsyncSession
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from shared import audit
from shared.apart import at_hand, result
from shared.forms import html, pdf
from shared.forms.form import Form
from shared.problems import problems
from shared.registers.asking import RANGE, NotAcceptable, liking

Kind = Literal["html", "pdf"]
MEDIA: dict[Kind, str] = {"html": "text/html", "pdf": "application/pdf"}
AT_ONCE = 2  # pages that a process has drawn at a time; others wait for their turn
drawing = asyncio.Semaphore(AT_ONCE)
at_hand("shared.forms.pdf")


async def wanted(
    accept: Annotated[str | None, Header(include_in_schema=False)] = None,
    format: Annotated[Kind | None, Query(description="instead of `Accept`: `text/html` or `application/pdf`")] = None,
) -> Kind:
    ranges = [it for part in (accept or "").split(",") if (it := RANGE.fullmatch(part))]
    if format or not ranges:
        return format or "html"
    best = max(MEDIA, key=lambda kind: liking(MEDIA[kind], ranges))  # of two alike the first: HTML
    if liking(MEDIA[best], ranges)[0] == 0:
        raise NotAcceptable(
            "A form comes as HTML or PDF, and your `Accept` takes neither.",
            field="Accept",
            fix="Send `Accept: text/html` or `application/pdf`, or add `?format=html` or `pdf`.",
        )
    return best


As = Annotated[Kind, Depends(wanted)]


class Printed(Response):
    """Drawn when it is sent."""

    shows: ClassVar[type[Form]] = Form

    def __init__(self, form: Form, kind: Kind, status_code: int = 200) -> None:
        headers = {
            "Content-Language": "zh-CN",
            "Vary": "Accept",
            "Content-Disposition": f"inline; filename*=UTF-8''{quote(f'{form.title}-{form.number}.{kind}', safe='')}",
        } | ({"Content-Security-Policy": html.POLICY} if kind == "html" else {})
        super().__init__(status_code=status_code, headers=headers, media_type=MEDIA[kind])
        self.form, self.kind = form.model_dump(mode="json"), kind

    def init_headers(self, headers: Mapping[str, str] | None = None) -> None:
        """Without a length: nothing is drawn yet."""
        super().init_headers(headers)
        self.raw_headers = [it for it in self.raw_headers if it[0] != b"content-length"]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.body = await drawn(self.form, self.kind)
        self.headers["Content-Length"] = str(len(self.body))
        await super().__call__(scope, receive, send)


async def drawn(form: dict[str, Any], kind: Kind) -> bytes:
    if kind == "html":
        return html.page(form).encode()
    async with drawing:
        return await result(pdf.write, form)


async def printed(session: AsyncSession, form: Form, kind: Kind, *, about: str, by: str, at: datetime) -> Printed:
    """The answer, and a line in the audit trail: paper leaves the house."""
    await audit.record(session, "form.printed", by=by, about=about, unit=form.unit, at=at, facts={"format": kind})
    return Printed(form, kind)


def documented(*kinds: type[Exception]) -> dict[int | str, dict[str, Any]]:
    """What a form's address answers, for its document."""
    text: dict[str, Any] = {"schema": {"type": "string"}}
    file: dict[str, Any] = {"schema": {"type": "string", "format": "binary"}}
    return problems(*kinds, NotAcceptable) | {
        200: {"description": "The form, on A4.", "content": {MEDIA["html"]: text, MEDIA["pdf"]: file}}
    }
