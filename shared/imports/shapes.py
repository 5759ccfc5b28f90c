"""What imports are told and show over HTTP, and their registers as tables."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import Response
from pydantic import Field
from sqlalchemy import ColumnElement
from sqlmodel.ext.asyncio.session import AsyncSession

from shared.chinese import said
from shared.contracts.values import Id, Slug
from shared.etag import tag
from shared.http import Body, View
from shared.imports import store
from shared.imports.columns import Plan
from shared.imports.kind import Existing, Kind
from shared.imports.store import IMPORTS, ROWS
from shared.imports.tables import Import, ImportRow, RowState, State
from shared.masking import MaskedFacts, MaskedText
from shared.paging import Asked
from shared.registers.sheet import Sheet, asking


class Beginning(Plan):
    """A spreadsheet of which kind, whose, and how it is to be taken in. All but `kind` may be left out."""

    kind: Id
    system: Slug | None = Field(None, description="whose ids these are: `erp`")
    unit: Id | None = Field(None, description="where rows without a unit belong; otherwise where you work")
    encoding: Literal["utf-8", "utf-16", "gb18030"] | None = Field(None, description="of CSV; otherwise it is found out")
    delimiter: Literal[",", ";", "\t", "|"] | None = Field(None, description="of CSV; otherwise it is found out")
    sheet: Annotated[str, Field(max_length=100)] | None = Field(None, description="of a workbook; otherwise the first that is visible")
    existing: Existing = Field(Existing.FAIL, description="what becomes of a row whose thing is there already")
    whole: bool = Field(False, description="all rows or none")
    dry_run: bool = Field(False, description="it ends at `checked`, and can be applied later")


class Said(Plan):
    """What is said once more; what is left out stays as it was said or recognised."""


class Application(Body):
    """Nothing has to be said."""


class Reversal(Body):
    """What somebody has worked on since can only stay as it is."""

    keep_changed: bool = Field(False, description="undo all others; otherwise nothing is undone if there is one")


class Cancellation(Body):
    """Nothing has to be said."""


class QuestionView(View):
    """What has to be made clear before it can go on, or why it stopped."""

    field: str | None
    message: MaskedText
    fix: str | None


class ReasonView(View):
    """Why a row does not go through: in which of your columns, what is wrong, what to write instead."""

    field: str | None
    column: MaskedText | None
    message: MaskedText
    fix: str | None


class ImportView(View):
    """An import. `mapping`: which columns were recognised as which fields; `unused`: those that nothing is made of. The counts of rows are those of the
    check until it is applied."""

    id: UUID
    kind: str
    system: str
    unit: str
    state: State
    existing: Existing
    whole: bool
    dry_run: bool
    by: str
    mapping: MaskedFacts
    plan: MaskedFacts = Field(description="what was said of it, now or the last time with these headings: formats, constants, words, zone")
    unused: list[MaskedText]
    questions: list[QuestionView]
    bytes: int
    rows: int = Field(description="read so far")
    checked: int
    applied: int
    created: int
    updated: int
    skipped: int
    failed: int
    undone: int
    kept: int = Field(description="could not be undone: somebody has worked on them since")
    allowed: list[str] = Field(description="what can be done with it now")
    asked_at: datetime
    began_at: datetime | None
    ended_at: datetime | None
    correlation: MaskedText | None
    version: int


class RowView(View):
    """A row, numbered as the spreadsheet does; its headings are row 1. Until it is applied, `state` is what it would become."""

    number: int
    state: RowState
    thing_id: UUID | None = Field(description="what it became")
    reasons: list[ReasonView]


class FieldView(View):
    """What a row can tell."""

    name: str
    headings: list[str] = Field(description="by these a column is recognised")
    means: str
    required: bool
    example: str


class KindView(View):
    name: str
    title: str
    fields: list[FieldView]


class KindsView(View):
    kinds: list[KindView]


def answer(it: Import, response: Response | None = None) -> dict[str, Any]:
    if response is not None:
        tag(response, it.version)
    used = {heading for told in it.mapping.values() for heading in told}
    facts = {name: getattr(it, name) for name in ImportView.model_fields.keys() - {"by", "unused", "questions", "allowed"}}
    return facts | {
        "by": it.asked_by, "unused": [heading for heading in it.headings if heading not in used], "allowed": list(it.allowed),
        "questions": [one | {"message": said(one["message"]), "fix": one["fix"] and said(one["fix"])} for one in it.questions],
    }  # fmt: skip


def of_kind(it: Kind) -> dict[str, Any]:
    """In the caller's language."""
    fields = [{name: getattr(field, name) for name in FieldView.model_fields} | {"means": said(field.means)} for field in it.fields]
    return {"name": it.name, "title": it.title, "fields": fields}


def of_row(it: ImportRow) -> dict[str, Any]:
    reasons = [one | {"message": said(one["message"]), "fix": one["fix"] and said(one["fix"])} for one in it.reasons or ()]
    return {"number": it.number, "state": it.state, "thing_id": it.thing_id, "reasons": reasons}


async def imports_shown(_: AsyncSession, rows: Sequence[Import]) -> Sequence[Any]:
    return [answer(it) for it in rows]


async def rows_shown(_: AsyncSession, rows: Sequence[ImportRow]) -> Sequence[Any]:
    return [of_row(it) for it in rows]


async def of_import(session: AsyncSession, _: Asked) -> Sequence[ColumnElement[bool]]:
    """Those of the import in the address, if whoever asks sees it."""
    return [store.of((await store.by_id(session, UUID(asking(session).path["import_id"]))).id)]


SHEET = Sheet(
    "imports", "数据导入登记表", "imports.read", IMPORTS, ImportView, shown=imports_shown,
    columns={
        "id": "导入批次", "kind": "类别", "system": "来源系统", "unit": "所属单位", "state": "状态", "existing": "已有记录的处理",
        "whole": "全部或全不", "dry_run": "只检查", "by": "导入人", "bytes": "文件字节数", "rows": "行数", "checked": "已检查", "applied": "已导入",
        "created": "新增", "updated": "更新", "skipped": "跳过", "failed": "有误", "undone": "已撤销", "kept": "未能撤销", "asked_at": "发起时间",
        "began_at": "开始导入时间", "ended_at": "结束时间", "unused": "未用的列", "questions": "待说明", "correlation": "关联编号", "version": "版本",
    },
    left_out={"mapping": "which column is which fits in no cell", "plan": "neither does this", "allowed": "it is for programs"},
    wording={"questions": "{message}"},
)  # fmt: skip
ROWS_SHEET = Sheet(
    "import-rows", "导入数据行", "imports.read", ROWS, RowView, shown=rows_shown, only=of_import, needs=("import_id",),
    columns={"number": "行号", "state": "结果", "thing_id": "成为的记录", "reasons": "问题"}, wording={"reasons": "{message}"},
)  # fmt: skip
