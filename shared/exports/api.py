"""Exports over HTTP: ask for a register as a file, see how far it is, fetch it. The same in every service, for its own registers."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import Depends, Response
from pydantic import Field
from sqlalchemy import ColumnElement
from starlette.requests import Request

from shared.audit import record
from shared.auth import Principal
from shared.chinese import said
from shared.contracts.values import Id, Text
from shared.errors import Invalid
from shared.exports import store
from shared.exports.export import MOST_ROWS, OPEN, WHY, AtAnEnd, Because, Export, ExportNotFound, NoFileNow, SeesLess, State, TooManyOpen
from shared.exports.fetching import StoredFile
from shared.exports.store import EXPORTS
from shared.http import AtHand, Body, Now, Router, Scope, Session, Staff, View, allow, problems
from shared.ids import uuid7
from shared.masking import MaskedFacts
from shared.paging import Asked, Page
from shared.permissions import PERMISSIONS, may
from shared.problems import InvalidRequest, NotYourRole
from shared.registers.answering import TABLES, Answer, disposition
from shared.registers.asking import MEDIA, Encoding, Format, Headings, Wanted
from shared.registers.sheet import Asking, Sheet, asking
from shared.registers.writing import RegisterTooLong
from shared.scope import Scope as Seen
from shared.units import Units

READ, MAKE = [allow("exports.read")], [allow("exports.make")]
FILES: dict[int | str, dict[str, Any]] = {
    200: {"content": {MEDIA[it]: {"schema": {"type": "string", "format": "binary"}} for it in (Format.CSV, Format.XLSX)}}
}


class NoSuchRegister(Invalid):
    """There is no such register in this service."""

    fix = "Send `register` as it stands in the register's address."


Value = Text | bool | Annotated[int, Field(strict=True)]


class Wish(Body):
    """Which register, as what, narrowed by what: as in its own address."""

    register_name: Id = Field(alias="register", description="as in its address: `complaints` of /v1/complaints")
    format: Literal["csv", "xlsx"] = "csv"
    filters: dict[str, Value | list[Value]] = Field({}, max_length=50, description="as the register's own parameters")
    encoding: Encoding = Field(Encoding.UTF_8, description="of CSV")
    headings: Headings = Field(Headings.ZH, description="in Chinese, or the names of the fields")
    of: dict[str, Id] = Field({}, max_length=3, description="which thing's, where the register is a thing's: `customer_id`")

    @property
    def params(self) -> dict[str, list[str]]:
        """As they would stand in an address."""
        return {name: [told(it) for it in (value if isinstance(value, list) else [value])] for name, value in self.filters.items()}


class Cancellation(Body):
    """Nothing has to be said."""


class ExportView(View):
    """A register as a file. `file`: where it can be fetched, once it is done."""

    id: UUID
    register_name: str = Field(serialization_alias="register")
    format: Literal["csv", "xlsx"]
    encoding: Encoding
    headings: Headings
    filters: MaskedFacts
    units: list[str] | None = Field(description="whose rows; null: of all")
    state: State
    rows: int = Field(description="written so far")
    rows_in_all: int | None = Field(description="as it was counted when it was asked for, and again when it was begun")
    bytes: int
    asked_at: datetime
    began_at: datetime | None
    ended_at: datetime | None
    kept_until: datetime | None
    because: Because | None = Field(description="a code: why there is no file")
    why: str | None = Field(description="the same for people")
    file: str | None


def told(value: str | bool | int) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def shown(export: Export) -> dict[str, Any]:
    facts = {name: getattr(export, name) for name in ExportView.model_fields.keys() - {"register_name", "why", "file"}}
    because = None if export.state in OPEN else export.because
    return facts | {
        "register_name": export.sheet,
        "because": because,
        "why": said(WHY[because]) if because else None,
        "file": f"/v1/exports/{export.id}/file" if export.state is State.DONE else None,
    }


def wanted(sheets: Sequence[Sheet], name: str, staff: Principal) -> Sheet:
    """The register, if it is one and they may read it."""
    sheet = next((it for it in sheets if it.name == name), None)
    if sheet is None:
        yours = sorted({it.name for it in sheets if may(staff.roles, it.permission)})
        raise NoSuchRegister(f"There is no such register here; yours are {', '.join(yours)}.", field="/register")
    readable(sheet, staff)
    return sheet


def readable(sheet: Sheet, staff: Principal) -> None:
    if not may(staff.roles, sheet.permission):
        raise NotYourRole(
            f"This register needs the permission {sheet.permission}; your token's roles do not have it.",
            field="/register",
            fix=f"Ask for one of the roles that do: {', '.join(sorted(PERMISSIONS[sheet.permission]))}.",
        )


async def how_many(session: Session, sheet: Sheet, body: Wish, who: Asking, company: Units) -> int:
    """Its filters are understood, and its rows counted, before anybody waits for it."""
    session.info["asking"], session.info["company"] = who, company
    most = MOST_ROWS[body.format]
    try:
        asked = sheet.register.ask(body.params)
    except InvalidRequest as error:
        raise among_filters(error) from None
    if {*body.of} != {*sheet.needs}:
        one = f"Send `of` with {', '.join(sheet.needs)}, as the register's address has it." if sheet.needs else "Leave `of` out."
        raise InvalidRequest("It is not said of which thing the register is, or it is of none.", field="/of", fix=one)
    try:
        only = await sheet.only(session, asked)
    except ValueError:
        raise InvalidRequest("There is no such thing.", field="/of", fix="Take the id as its register has it.") from None
    try:
        count = await sheet.register.how_many(session, asked, *only, most=most)
    except InvalidRequest as error:  # an order that this database does not know
        raise among_filters(error) from None
    if count > most:
        raise RegisterTooLong(
            f"It has more than {most} rows, the most that {body.format} may have.",
            field="/filters",
            fix="Narrow it by its filters; CSV holds more rows than XLSX.",
        )
    return count


def among_filters(error: InvalidRequest) -> InvalidRequest:
    """The same of the body."""
    errors = [it | {"pointer": f"/filters/{it['pointer']}"} for it in error.more.get("errors", ())]
    return InvalidRequest(str(error), **error.more | {"field": f"/filters/{error.more.get('field')}", "errors": errors or None})


async def own(session: Session, _: Asked) -> Sequence[ColumnElement[bool]]:
    return (store.of(asking(session).by),)


async def as_shown(_: Session, found: Sequence[Export]) -> Sequence[dict[str, Any]]:
    return [shown(it) for it in found]


SHEET = Sheet(
    "exports", "导出登记表", "exports.read", EXPORTS, ExportView, shown=as_shown, only=own,
    columns={
        "register": "登记表", "format": "格式", "state": "状态", "rows": "已写行数", "rows_in_all": "总行数", "bytes": "字节数", "asked_at": "申请时间",
        "began_at": "开始时间", "ended_at": "结束时间", "kept_until": "保留至", "filters": "筛选条件", "units": "单位范围", "encoding": "编码",
        "headings": "表头", "because": "原因代码", "why": "原因", "file": "文件地址", "id": "系统编号",
    },
)  # fmt: skip


def home(scope: Seen) -> str | None:
    """Whose line of the audit trail it is: theirs who work in one unit."""
    return scope.own[0] if len(scope.own) == 1 else None


def router(registers: Callable[[], Sequence[Sheet]]) -> Router:
    """Of a service with these registers."""
    routes = Router("/v1/exports", tags=["exports"])

    @routes.get("", response_model=Page[ExportView], dependencies=READ, responses=TABLES | problems())
    async def list_exports(session: Session, asked: Annotated[Asked, Depends(EXPORTS)], answer: Answer) -> Any:
        """Your exports, those asked for last first. Nobody sees another's; they stand here for 30 days."""
        return await answer(SHEET, session, asked)

    @routes.post(
        "", status_code=201, response_model=ExportView, dependencies=MAKE,
        responses=problems(NoSuchRegister, NotYourRole, InvalidRequest, RegisterTooLong, TooManyOpen),
    )  # fmt: skip
    async def ask_for_export(body: Wish, session: Session, staff: Staff, scope: Scope, now: Now, means: AtHand, response: Response) -> Any:
        """Ask for a register as a file, as you would see it: CSV up to 5,000,000 rows, XLSX up to 1,000,000. It is written in the background; look at
        `state`, `rows` and `rows_in_all` every few seconds, and fetch `file` when it is done.

        403: you may not read that register. 409: five of yours are under way."""
        sheet = wanted(registers(), body.register_name, staff)
        if body.format == "xlsx" and "encoding" in body.model_fields_set:
            raise InvalidRequest("Only CSV comes in one encoding or another.", field="/encoding", fix="Leave it out, or ask for csv.")
        await store.one_more(session, staff.sub)
        count = await how_many(session, sheet, body, Asking(now, staff.sub, staff.roles, body.of), means.units)
        export = Export(
            id=uuid7(), asked_by=staff.sub, sheet=sheet.name, format=body.format, filters=body.params, encoding=body.encoding.value,
            headings=body.headings.value, units=None if scope.units is None else sorted(scope.units), asks_as=sorted(staff.roles), path=dict(body.of),
            rows_in_all=count, asked_at=now, correlation=session.info["cause"].correlation,
        )  # fmt: skip
        session.add(export)
        facts = export.told | {"filters": sorted(body.filters)}
        await record(session, "register.exported", by=staff.sub, about=f"register:{sheet.name}", at=now, unit=home(scope), facts=facts)
        response.headers["Location"] = f"/v1/exports/{export.id}"
        return shown(export)

    @routes.get("/{export_id}", response_model=ExportView, dependencies=READ, responses=problems(ExportNotFound))
    async def show_export(export_id: UUID, session: Session, staff: Staff) -> Any:
        """One of your exports, and how far it is."""
        return shown(await store.by_id(session, export_id, staff.sub))

    @routes.get(
        "/{export_id}/file", status_code=200, response_model=None, response_class=StoredFile, dependencies=READ,
        responses=FILES | problems(ExportNotFound, NotYourRole, SeesLess, NoFileNow),
    )  # fmt: skip
    async def fetch_export(
        export_id: UUID, session: Session, staff: Staff, scope: Scope, now: Now, means: AtHand, request: Request
    ) -> Response:
        """The file, for 24 hours after it was done. Each time it is fetched leaves a line in the audit trail.

        403: you may not read that register any more, or see fewer units than the file holds. 409: it is not done, or gone."""
        export = await store.by_id(session, export_id, staff.sub)
        sheet = wanted(registers(), export.sheet, staff)
        export.to_fetch(scope.units)
        about = f"register:{export.sheet}"
        await record(session, "export.fetched", by=staff.sub, about=about, at=now, unit=home(scope), facts=export.told)
        as_what = Wanted(Format(export.format), Encoding(export.encoding), Headings(export.headings))
        begun = (export.began_at or now).astimezone(means.units[means.units.default].clock)
        headers = {"Content-Type": as_what.media, "Content-Disposition": disposition(sheet, as_what.format, begun)}
        return StoredFile(store.pieces(means.engine, export), export.bytes, request.scope["state"]["deadline"], headers)

    @routes.post("/{export_id}/cancellation", response_model=ExportView, dependencies=MAKE, responses=problems(ExportNotFound, AtAnEnd))
    async def cancel_export(export_id: UUID, session: Session, staff: Staff, now: Now, body: Cancellation = Cancellation()) -> Any:
        """It is not wanted any more."""
        export = await store.by_id(session, export_id, staff.sub, lock=True)
        export.call_off(now)
        return shown(export)

    return routes
