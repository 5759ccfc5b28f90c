"""An issuer's public keys: fetched when needed, kept when the issuer is away, and not fetched again for every made-up key id."""

import asyncio
from collections import OrderedDict
from collections.abc import Callable
from time import monotonic
from typing import Any

import httpx
import orjson
from joserfc.errors import JoseError
from joserfc.jwk import Key, RSAKey, import_key

from shared.health import Dependency
from shared.jwks import Whereabouts, WrongKeySet
from shared.logs import log

FRESH = 300.0  # seconds after which known keys are fetched anew, beside the requests
STALE = 24 * 3600.0  # seconds that keys are believed without a word from the issuer
PAUSE = 30.0  # seconds between two fetches, whatever is asked
LONGEST = 10.0  # seconds for all of an answer; one that trickles would hold up whoever comes with a new key
AT_FIRST = 1.0  # the same while there is no key at all
UNKNOWN, FORGOTTEN = 128, 300.0  # key ids known to be unknown, and for how long
KINDS = "RSA", "EC", "OKP"
BITS = range(2048, 8193)  # of an RSA key; with fewer it is no secret, with more it costs too much to check


class NoKeys(Exception):
    """There are no keys that can be believed: the issuer was never reached, or not for a day."""


class Keys:
    """The keys at an address (`http…`), in a file, or wherever the issuer says that they are."""

    def __init__(self, source: str | Whereabouts, *, idp: Dependency, clock: Callable[[], float] = monotonic) -> None:
        self.source = Whereabouts(source) if isinstance(source, str) else source
        self._idp, self._clock = idp, clock
        self._known: dict[str, Key] = {}
        self._unknown: OrderedDict[str, float] = OrderedDict()
        self._got_at = self._tried_at = float("-inf")
        self._fetching = asyncio.Lock()
        self._beside: asyncio.Task[None] | None = None

    @property
    def loaded(self) -> bool:
        return bool(self._known)

    async def find(self, kid: str) -> Key | None:
        """The key of this id, None if the issuer has none."""
        now = self._clock()
        if (key := self._known.get(kid)) and now - self._got_at <= STALE:
            if now - self._got_at > FRESH and now - self._tried_at >= PAUSE and (self._beside is None or self._beside.done()):
                self._beside = asyncio.create_task(self.fetch())
            return key
        if now - self._unknown.get(kid, float("-inf")) < FORGOTTEN:
            return None
        await self.fetch()
        if self._clock() - self._got_at > STALE:
            raise NoKeys("The keys of the token issuer can't be had.")
        key = self._known.get(kid)
        if key is None and self._got_at >= now:  # we were told just now: it is unknown, not merely not fetched yet
            self._unknown[kid] = now
            while len(self._unknown) > UNKNOWN:
                self._unknown.popitem(last=False)
        return key

    async def fetch(self) -> None:
        """Ask the issuer, unless that was done just now. Good keys are not given up for a bad answer."""
        async with self._fetching:
            if self._clock() - self._tried_at < (PAUSE if self._known else AT_FIRST):
                return
            self._tried_at = self._clock()
            try:
                async with asyncio.timeout(LONGEST):
                    known = read(await self.source.read())
            except (OSError, httpx.HTTPError, httpx.InvalidURL, ValueError, JoseError) as error:
                self._idp.down(str(error) if isinstance(error, WrongKeySet) else type(error).__name__)
                log.warning("the issuer's keys could not be had", source=str(self.source), error=error)
                return
            self._idp.up()
            self._known, self._got_at = known, self._clock()


def read(text: bytes) -> dict[str, Key]:
    """The public signing keys of a JWKS. A shared secret among them would let everybody who reads it sign."""
    told: Any = orjson.loads(text)
    if not isinstance(told, dict) or not isinstance(told.get("keys"), list):
        raise WrongKeySet("this is no JWKS")
    known: dict[str, Key] = {}
    for it in told["keys"]:
        kid = it.get("kid") if isinstance(it, dict) else None
        if isinstance(kid, str) and it.get("kty") in KINDS and it.get("use", "sig") == "sig":
            public = {name: value for name, value in it.items() if name not in ("d", "p", "q", "dp", "dq", "qi", "oth")}
            try:
                key = import_key(public)
                if isinstance(key, RSAKey) and key.public_key.key_size not in BITS:
                    raise WrongKeySet("the RSA key has too few or too many bits")
                known[kid] = key
            except (JoseError, ValueError) as error:
                log.warning("a key of the issuer can't be used", kid=kid, error=error)
    if not known:
        raise WrongKeySet("the JWKS has no key that can be used")
    return known
