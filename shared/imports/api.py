"""Imports over HTTP: a spreadsheet comes in, is checked row by row, and becomes what its rows say, or is taken back as a whole."""

import asyncio
from collections.abc import Sequence
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import Depends, Query, Response
from starlette.requests import Request

from shared.apart import result
from shared.audit import record
from shared.contracts.values import Id
from shared.errors import Invalid, NotFound
from shared.etag import IfMatchIfGiven
from shared.http import AtHand, Now, Router, Scope, Session, Staff, allow, problems, takes_a_file
from shared.ids import uuid7
from shared.imports import columns, corrections, store
from shared.imports.columns import Plan
from shared.imports.kind import Kind
from shared.imports.shapes import (
    ROWS_SHEET,
    SHEET,
    Application,
    Beginning,
    Cancellation,
    ImportView,
    KindsView,
    Reversal,
    RowView,
    Said,
    answer,
    of_kind,
)  # fmt: skip
from shared.imports.store import IMPORTS, ROWS
from shared.imports.tables import Forgotten, Import, ImportNotFound, NotAtThisStep, RowsFailed, State, WiderThanYou
from shared.paging import Asked, Page
from shared.problems import Changed
from shared.registers.answering import TABLES, Answer
from shared.registers.asking import MEDIA
from shared.registers.asking import Format as Media

READ, MAKE = [allow("imports.read")], [allow("imports.make")]
FEW = 200  # rows that need no process of their own
LARGEST, LONGEST = 64 * 1024 * 1024, 900.0  # bytes and seconds of a file
BINARY = {"schema": {"type": "string", "format": "binary"}}
FILES: dict[int | str, dict[str, Any]] = {200: {"content": {MEDIA[it]: BINARY for it in (Media.CSV, Media.XLSX)}}}
AS_FILE = {"requestBody": {"required": True, "content": {"application/octet-stream": BINARY}}}  # one: a client made of it sends that
STEP = problems(ImportNotFound, NotAtThisStep, Changed)
AsWhat = Annotated[Literal["csv", "xlsx"], Query(description="as which kind of file")]


class NoSuchKind(Invalid):
    """Nothing of that kind can be imported here."""

    fix = "Take one of those that GET /v1/import-kinds shows."


class KindNotFound(NotFound):
    """Nothing of that kind can be imported here."""

    fix = "Take one of those that GET /v1/import-kinds shows."


class SystemNeeded(Invalid):
    """Without the system its ids mean nothing."""

    fix = "Say in `system` whose spreadsheet it is: `erp`, as in `erp/C-10023`."


class NotYourUnit(Invalid):
    """The company has no such unit, or you do not see it."""

    fix = "Send a unit of ours, or leave it out."


async def noted(session: Session, it: Import, step: str, staff: Staff, now: Now) -> None:
    """Who asked for it; whoever began the import may be somebody else."""
    await record(session, f"import.{step}", by=staff.sub, about=f"import:{it.id}", at=now, unit=it.unit, facts={"kind": it.kind})


class AFile(Response):
    """Rows of somebody's own spreadsheet, or made-up ones."""

    shows = type(None)


def routers(kinds: Sequence[Kind]) -> list[Router]:
    """Of a service with these kinds."""
    known = {it.name: it for it in kinds}
    routes, templates, catalogue = (Router(it, tags=["imports"]) for it in ("/v1/imports", "/v1/import-templates", "/v1/import-kinds"))

    @catalogue.get("", response_model=KindsView, dependencies=READ, responses=problems())
    async def list_import_kinds() -> Any:
        """What can be imported here, and which columns it may have."""
        return {"kinds": [of_kind(it) for it in kinds]}

    @templates.get("/{kind}", response_class=AFile, dependencies=READ, responses=FILES | problems(KindNotFound))
    async def show_import_template(kind: Id, format: AsWhat = "xlsx") -> AFile:
        """An empty spreadsheet with the headings of a kind and one made-up row, which is to be replaced."""
        if kind not in known:
            raise KindNotFound
        return await file(format, f"{kind}-template", *corrections.empty(known[kind]))

    @routes.get("", response_model=Page[ImportView], dependencies=READ, responses=TABLES | problems())
    async def list_imports(session: Session, asked: Annotated[Asked, Depends(IMPORTS)], answered: Answer) -> Any:
        """All imports, the newest first."""
        return await answered(SHEET, session, asked)

    @routes.post(
        "", response_model=ImportView, status_code=201, dependencies=MAKE,
        responses=problems(NoSuchKind, SystemNeeded, NotYourUnit, columns.UnknownField),
    )  # fmt: skip
    async def begin_import(
        body: Beginning, session: Session, staff: Staff, scope: Scope, now: Now, means: AtHand, response: Response
    ) -> Any:
        """Say what comes in; then send the file with PUT. It is read and checked, and unless `dry_run` is said, the rows that can be are taken in."""
        kind = known.get(body.kind)
        if kind is None:
            raise NoSuchKind(f"Only {', '.join(known)} can be imported here.", field="/kind")
        if getattr(kind, "needs_system", False) and body.system is None:
            raise SystemNeeded(field="/system")
        if body.unit is not None and (body.unit not in means.units.units or not scope.sees(body.unit)):
            raise NotYourUnit(field="/unit")
        columns.fits(body, kind)
        told = body.model_dump(mode="json", exclude_unset=True, include={*Plan.model_fields, *columns.OF_THE_FILE})
        it = Import(
            id=uuid7(), kind=kind.name, system=body.system or "", existing=body.existing, whole=body.whole, dry_run=body.dry_run, plan=told,
            unit=body.unit or scope.home(means.units), own=list(scope.own), units=None if scope.units is None else sorted(scope.units),
            asked_by=staff.sub, asked_at=now, correlation=session.info["cause"].correlation,
        )  # fmt: skip
        session.add(it)
        await record(
            session, "import.begun", by=staff.sub, about=f"import:{it.id}", at=now, unit=it.unit, facts={"kind": it.kind, "dry_run": it.dry_run}
        )  # fmt: skip
        response.headers["Location"] = f"/v1/imports/{it.id}"
        return answer(it, response)

    @routes.get("/{import_id}", response_model=ImportView, dependencies=READ, responses=problems(ImportNotFound))
    async def show_import(import_id: UUID, session: Session, response: Response) -> Any:
        """One import, and how far it is."""
        return answer(await store.by_id(session, import_id), response)

    @routes.put(
        "/{import_id}/file", response_model=ImportView, dependencies=[*MAKE, takes_a_file(most=LARGEST, longest=LONGEST)],
        responses=problems(ImportNotFound, NotAtThisStep, EmptyFile, WiderThanYou), openapi_extra=AS_FILE,
    )  # fmt: skip
    async def send_import_file(import_id: UUID, request: Request, scope: Scope, means: AtHand, response: Response) -> Any:
        """The spreadsheet itself: CSV (UTF-8, UTF-16, GB18030; also packed with gzip), XLSX, XLS or ODS, at most 64 MiB and 1,000,000 rows. What it is is
        found out by its bytes. Sent again before anything was changed, it replaces the other."""
        cause = request.state.cause
        if not await store.receive(means.engine, cause, scope, import_id, request.stream()):
            raise EmptyFile(field="")
        async with store.seen(means.engine, cause, scope) as session:
            return answer(await store.by_id(session, import_id), response)

    @routes.post(
        "/{import_id}/mapping", response_model=ImportView, dependencies=MAKE, responses=STEP | problems(columns.UnknownField, WiderThanYou)
    )
    async def map_import(import_id: UUID, body: Said, session: Session, scope: Scope, expected: IfMatchIfGiven, response: Response) -> Any:
        """Say which column is which, what words mean, how dates are written; it is checked anew. The file need not be sent again."""
        it = await store.by_id(session, import_id, lock=True)
        expected.check(it.version)
        it.within(scope.units)
        it.only(State.MAPPING_NEEDED, State.CHECKED, step="mapping")
        kind = known[it.kind]
        columns.fits(body, kind)
        plan = columns.merged(body, columns.of_rows(it.plan))
        it.plan = it.plan | plan.model_dump(mode="json", exclude_unset=True)
        it.mapping, questions = columns.recognised(kind, plan, it.headings)
        it.goes(State.MAPPING_NEEDED, questions=questions) if questions else it.check()
        return answer(it, response)

    @routes.post(
        "/{import_id}/application", response_model=ImportView, dependencies=MAKE, responses=STEP | problems(RowsFailed, WiderThanYou)
    )
    async def apply_import(
        import_id: UUID, session: Session, staff: Staff, scope: Scope, now: Now, expected: IfMatchIfGiven, response: Response,
        body: Application = Application(),
    ) -> Any:  # fmt: skip
        """Take in what was checked. Rows that can't be are left out, unless all or nothing was asked for."""
        it = await store.by_id(session, import_id, lock=True)
        expected.check(it.version)
        it.within(scope.units)
        it.apply(now)
        await noted(session, it, "application", staff, now)
        return answer(it, response)

    @routes.post("/{import_id}/reversal", response_model=ImportView, dependencies=MAKE, responses=STEP | problems(Forgotten, WiderThanYou))
    async def reverse_import(
        import_id: UUID, session: Session, staff: Staff, scope: Scope, now: Now, expected: IfMatchIfGiven, response: Response,
        body: Reversal = Reversal(),
    ) -> Any:  # fmt: skip
        """Make everything as it was before. If somebody has worked on a thing since, nothing is undone, and the import says so; with `keep_changed` all
        others are. Possible for 30 days."""
        it = await store.by_id(session, import_id, lock=True)
        expected.check(it.version)
        it.within(scope.units)
        it.reverse(keep_changed=body.keep_changed)
        await noted(session, it, "reversal", staff, now)
        return answer(it, response)

    @routes.post("/{import_id}/cancellation", response_model=ImportView, dependencies=MAKE, responses=STEP)
    async def cancel_import(
        import_id: UUID, session: Session, staff: Staff, now: Now, expected: IfMatchIfGiven, response: Response, body: Cancellation = Cancellation()
    ) -> Any:  # fmt: skip
        """It goes no further. What was taken in until now stays, and can be undone."""
        it = await store.by_id(session, import_id, lock=True)
        expected.check(it.version)
        it.call_off(now)
        await store.forget(session, it)
        await noted(session, it, "cancellation", staff, now)
        return answer(it, response)

    @routes.get("/{import_id}/rows", response_model=Page[RowView], dependencies=READ, responses=TABLES | problems(ImportNotFound))
    async def list_import_rows(import_id: UUID, session: Session, asked: Annotated[Asked, Depends(ROWS)], answered: Answer) -> Any:
        """Its rows in their order, and what became of them; with `state=failed` those to mend, each with its reasons."""
        await store.by_id(session, import_id)
        return await answered(ROWS_SHEET, session, asked)

    @routes.get(
        "/{import_id}/corrections", response_class=AFile, dependencies=MAKE, responses=FILES | problems(ImportNotFound, WiderThanYou)
    )
    async def show_import_corrections(
        import_id: UUID, session: Session, staff: Staff, scope: Scope, now: Now, format: AsWhat = "xlsx"
    ) -> AFile:
        """The rows that failed as they came, with their numbers and what is wrong with them: mend them and send the file as another import, which passes
        over these two columns. The first 10,000 rows. Kept for 30 days."""
        it = await store.by_id(session, import_id)
        it.within(scope.units)
        rows = await store.failed(session, import_id, corrections.MOST)
        await record(
            session, "import.corrections", by=staff.sub, about=f"import:{it.id}", at=now, unit=it.unit, facts={"kind": it.kind, "rows": len(rows)}
        )  # fmt: skip
        return await file(format, f"{it.kind}-corrections", *corrections.of_failed(it, rows))

    return [routes, templates, catalogue]


class EmptyFile(Invalid):
    """The file is empty."""

    fix = "Send the spreadsheet as the body of the request."


async def file(format: corrections.Format, name: str, headings: Sequence[str], rows: corrections.Rows) -> AFile:
    if len(rows) < FEW:
        pieces: list[bytes] = []
        await asyncio.to_thread(corrections.written, pieces.append, format, headings, rows)
        content = b"".join(pieces)
    else:
        content = await result(corrections.written, format, headings, rows)
    return AFile(content, media_type=MEDIA[Media(format)], headers={"Content-Disposition": f'attachment; filename="{name}.{format}"'})
