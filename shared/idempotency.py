"""A POST that is sent twice acts once: `Idempotency-Key`.

The key is a row of the command's own transaction. A twin that comes meanwhile waits on the unique index until the first has ended: if it
committed, the twin gets the same answer; if it was refused or rolled back, nothing was remembered and the twin acts itself. Kept 48 hours.
"""

import re
from dataclasses import dataclass
from hashlib import blake2b

from sqlalchemy import and_, bindparam, delete, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlmodel.ext.asyncio.session import AsyncSession
from starlette.requests import Request
from starlette.responses import Response

from shared.plumbing import IDEMPOTENCY
from shared.problems import InvalidRequest, Malformed

HEADER = "Idempotency-Key"
KEY = re.compile(r"[!-~]{1,64}")
KEPT = "content-type", "etag", "location"  # headers of an answer that are part of it

row = IDEMPOTENCY.c
MINE = and_(row.scope == bindparam("in_scope"), row.key == bindparam("this_key"))
# Made once: to make a statement takes SQLAlchemy as long as to carry it out.
TAKE = insert(IDEMPOTENCY).on_conflict_do_nothing().returning(row.key)
KNOWN = select(row.request_hash, row.status, row.headers, row.body).where(MINE)
KEEP, FORGET = update(IDEMPOTENCY).where(MINE), delete(IDEMPOTENCY).where(MINE)


class Replay(Exception):
    """This was done before; here is what was answered."""

    def __init__(self, response: Response) -> None:
        self.response = response


@dataclass(frozen=True, slots=True)
class Claim:
    """One key of one caller for one kind of command, and the request it was sent with."""

    scope: str
    key: str
    request_hash: bytes

    @property
    def mine(self) -> dict[str, str]:
        return {"in_scope": self.scope, "this_key": self.key}

    async def take(self, session: AsyncSession) -> None:
        """Ours from here to the end of the transaction, or a `Replay`."""
        connection = await session.connection()
        taken = await connection.execute(TAKE, {"scope": self.scope, "key": self.key, "request_hash": self.request_hash})
        if taken.first():
            return
        known = (await connection.execute(KNOWN, self.mine)).one()
        if bytes(known.request_hash) != self.request_hash:
            raise InvalidRequest(
                "This Idempotency-Key was used for another request.",
                field=HEADER,
                fix="Use a new key for a new request; repeat a request unchanged.",
            )
        raise Replay(Response(known.body, known.status, {**known.headers, "Idempotent-Replayed": "true"}))

    async def keep(self, session: AsyncSession, response: Response) -> None:
        """Remember the answer; it becomes true together with what it says. A refusal is not remembered: the next time it may be granted."""
        connection = await session.connection()
        if response.status_code >= 300:
            await connection.execute(FORGET, self.mine)
            return
        headers = {name: it for name, it in response.headers.items() if name in KEPT}
        answer = {"status": response.status_code, "headers": headers, "body": bytes(response.body)}
        await connection.execute(KEEP, self.mine | answer)


async def claim_of(request: Request, *, who: str, route: str) -> Claim | None:
    """What the request asks to be done only once, if it does."""
    key = request.headers.get(HEADER)
    if key is None:
        return None
    if not KEY.fullmatch(key):
        raise Malformed(
            "The Idempotency-Key is not 1 to 64 visible ASCII characters.", field=HEADER, fix="Send such a key, for example a new UUID."
        )
    digest = blake2b(digest_size=32)
    for part in (request.url.path.encode(), request.url.query.encode(), await request.body()):
        digest.update(len(part).to_bytes(8, "big") + part)
    return Claim(f"{who} {request.method} {route}", key, digest.digest())
