"""Trade profiles over HTTP: which version was in force from when, what stands in it, and what a change would move; the same in every service."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any
from uuid import UUID

from fastapi import Depends
from fastapi.concurrency import run_in_threadpool
from pydantic import Field, StringConstraints

from shared.clocks.preview import preview
from shared.contracts.values import Saying
from shared.database import driver_of
from shared.errors import Conflict, Invalid, NotFound
from shared.http import AtHand, Body, Router, Scope, Session, View, allow, circumstance, problems
from shared.masking import MaskedText
from shared.paging import MOST, Asked, Page, Register
from shared.profiles import Trade, read
from shared.profiles.drafting import drafted
from shared.profiles.history import ProfileVersion
from shared.registers.answering import TABLES, Answer
from shared.registers.sheet import Sheet
from shared.service import Service

MOST_OPEN = 100_000  # clocks that one request looks at
OPEN = """
SELECT count(*) FROM (SELECT FROM clock WHERE state IN ('running', 'paused') AND ($2::text[] IS NULL OR unit = ANY($2)) LIMIT $1) AS open"""
Draft = Annotated[str, StringConstraints(min_length=1, max_length=100_000)]
Name = Annotated[
    str,
    StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$"),
    Saying("It must be a name of at most 64 letters, digits, hyphens and underscores."),
]
TradeAtHand = Annotated[Trade[Any], circumstance("trade")]
router = Router("/v1/profiles", tags=["profiles"])
VERSIONS = Register(ProfileVersion, by=[ProfileVersion.in_force_since, ProfileVersion.id], filters=[ProfileVersion.name])


class ProfileNotFound(NotFound):
    """No unit has such a profile."""


class NotUsable(Invalid):
    """The draft has mistakes; each is named with its key and what is allowed."""

    fix = "Mend what is named; `careloop profiles check FILE` tells the same."


class NothingToPreview(Invalid):
    """Nothing of what is in force would change."""

    fix = "Send in `profiles` a profile that a unit has, by its name, or in `notices` a notice of holidays."


class TooManyOpen(Conflict):
    """More clocks are open than one request can look at."""

    fix = "Let an operator run `careloop profiles preview`; it has the time."


class VersionView(View):
    """A version that was in force. `digest`: of its whole content, what it extends included."""

    id: UUID
    name: str
    version: int
    digest: str
    by: str = Field(validation_alias="changed_by")
    why: MaskedText
    build: str
    in_force_since: datetime


class ProfileView(View):
    """A profile in force: this service's part of it, and the calendar."""

    name: str
    version: int
    digest: str
    by: str
    why: MaskedText
    units: list[str]
    content: Mapping[str, Any]


class Drafts(Body):
    """TOML by name: profiles as they would be, notices of holidays that would be added."""

    profiles: dict[Name, Draft] = Field({}, max_length=20)
    notices: dict[Name, Draft] = Field({}, max_length=20)


class MoveView(View):
    """One deadline that would be another. `becomes`: null where nothing would be owed any more."""

    about: str
    milestone: str
    round: int
    unit: str
    due_at: datetime
    becomes: datetime | None


class PreviewView(View):
    """`items`: the first of those that would move, by when they are due."""

    open: int = Field(description="open clocks that were looked at")
    moved: int
    earlier: int
    later: int
    items: list[MoveView]


SHEET = Sheet(
    "profiles", "行业配置登记表", "profiles.read", VERSIONS, VersionView,
    columns={
        "name": "配置名称", "version": "版本", "in_force_since": "生效时间", "by": "修改人", "why": "修改原因", "digest": "校验值", "build": "程序版本",
        "id": "系统编号",
    },
)  # fmt: skip


@router.get("", response_model=Page[VersionView], dependencies=[allow("profiles.read")], responses=TABLES | problems())
async def list_versions(session: Session, asked: Annotated[Asked, Depends(VERSIONS)], answer: Answer) -> Any:
    """Which versions were in force, the newest first: who decided, why, and since when this service works with them."""
    return await answer(SHEET, session, asked)


@router.get("/{name}", response_model=ProfileView, dependencies=[allow("profiles.read")], responses=problems(ProfileNotFound))
async def show_profile(name: str, trade: TradeAtHand) -> Any:
    """What is in force for the units that have this profile."""
    found = trade.profiles.get(name)
    if found is None:
        raise ProfileNotFound(f"No unit has this profile; those in use are {', '.join(sorted(trade.profiles))}.")
    units = [unit for unit, it in trade.units.units.items() if it.profile == name]
    facts = {field: getattr(found, field) for field in ProfileView.model_fields.keys() - {"units"}}
    return facts | {"units": units}


def previewing(service: Service) -> Router:
    """Of a service that keeps clocks."""
    previews = Router("/v1/profiles/preview", tags=["profiles"])

    @previews.post(
        "", response_model=PreviewView, dependencies=[allow("profiles.preview")],
        responses=problems(NotUsable, NothingToPreview, TooManyOpen),
    )  # fmt: skip
    async def preview_profiles(body: Drafts, session: Session, scope: Scope, means: AtHand, trade: TradeAtHand) -> Any:
        """Which of this service's open deadlines, in units that you see, would be others under these profiles and with these holidays. Nothing is
        changed: clocks keep the version under which they were started, and only what is provisional moves with a notice."""
        assert service.clock and service.in_force
        if not body.notices and trade.profiles.keys().isdisjoint(body.profiles):
            raise NothingToPreview(field="/profiles")
        then = await run_in_threadpool(as_drafted, service, trade, body, means.config)
        connection = await driver_of(session)
        units = None if scope.units is None else sorted(scope.units)
        if await connection.fetchval(OPEN, MOST_OPEN + 1, units) > MOST_OPEN:
            raise TooManyOpen
        found = await preview(connection, service.clock, service.in_force, trade, then, show=MOST, units=units)
        return {"open": found.open, "moved": found.moved, "earlier": found.earlier, "later": found.later, "items": found.moves}

    return previews


def as_drafted(service: Service, trade: Trade[Any], drafts: Drafts, config: Path | None) -> Trade[Any]:
    with drafted(config, profiles=drafts.profiles, notices=drafts.notices) as folder:
        try:
            return read(service.name, service.policy, trade.units, folder)
        except SystemExit as mistakes:
            raise NotUsable(str(mistakes), field="/profiles" if drafts.profiles else "/notices") from None


def routers(service: Service) -> Sequence[Router]:
    return [previewing(service), router] if service.in_force else [router]
