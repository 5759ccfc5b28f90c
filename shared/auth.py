"""Who asks: a bearer token (OIDC JWT) is checked in full, here, without asking anybody.

Fixed: the algorithms, a key id, issuer, audience, expiry and beginning, each with 30 seconds of leeway for clocks that differ.
"""

import json
import time
import warnings
from base64 import urlsafe_b64decode
from collections import OrderedDict
from dataclasses import dataclass
from typing import Any

from joserfc import jwt
from joserfc.errors import ExpiredTokenError, InvalidClaimError, JoseError, MissingClaimError, SecurityWarning
from joserfc.jwk import Key

from shared.keys import Keys, NoKeys
from shared.metrics import Metrics
from shared.permissions import ROLES
from shared.problems import Unauthenticated, Unavailable

ALGORITHMS = ["RS256", "ES256", "EdDSA", "Ed25519"]  # the last two are one; issuers use either name
LEEWAY = 30
LONGEST = 8192  # characters of a token
REMEMBERED = 1024  # tokens whose signature was good
REASONS = "missing", "expired", "signature", "kid", "audience", "issuer", "forbidden"

warnings.filterwarnings("ignore", "EdDSA", SecurityWarning)  # joserfc prefers the other name


@dataclass(frozen=True, slots=True)
class Principal:
    """A person or system as its token names it."""

    sub: str
    roles: frozenset[str]
    units: tuple[str, ...] = ()
    posts: tuple[str, ...] = ()

    @property
    def unit(self) -> str | None:
        """The unit that they work for, where it is certain."""
        return self.units[0] if len(self.units) == 1 else None


class Door:
    """Lets in whoever has a good token, and counts the others by the reason."""

    def __init__(self, keys: Keys, metrics: Metrics, *, issuer: str, audience: str) -> None:
        self._keys, self._metrics = keys, metrics
        self._issuer, self._audience = issuer, audience
        self._signed: OrderedDict[str, tuple[Key, dict[str, Any]]] = OrderedDict()
        for reason in REASONS:
            metrics.auth_failures_total.labels(reason=reason)  # a first error must differ from none

    async def admit(self, authorization: str | None) -> Principal:
        """The principal behind an `Authorization` header."""
        scheme, _, token = (authorization or "").strip().partition(" ")
        if scheme.lower() != "bearer" or not token.strip():
            raise self._refusal("missing", "Send a bearer token: `Authorization: Bearer …`.")
        return await self._verified(token.strip())

    async def _verified(self, token: str) -> Principal:
        header = _header(token)
        if header is None or header.get("alg") not in ALGORITHMS:
            raise self._refusal("signature", f"The token is none, or not signed by one of {', '.join(ALGORITHMS)}.")
        kid = header.get("kid")
        if not isinstance(kid, str) or not kid or len(kid) > 256:
            raise self._refusal("kid", "The token's header names no key (`kid`).")
        try:
            key = await self._keys.find(kid)
        except NoKeys as error:
            raise Unavailable("The keys of the token issuer can't be had, so no token can be checked.") from error
        if key is None:
            raise self._refusal("kid", "The token is signed by a key that its issuer does not publish.")
        try:
            claims = self._claims(token, key)
        except (JoseError, ValueError, TypeError) as error:
            raise self._refusal("signature", "The token's signature is wrong.") from error
        self._check(claims)
        return Principal(
            claims["sub"],
            frozenset(_codes(claims.get("roles"))) & ROLES,
            tuple(_codes(claims.get("units"))),
            tuple(_codes(claims.get("posts"))),
        )

    def _claims(self, token: str, key: Key) -> dict[str, Any]:
        """Whoever asks, asks again with the same token, and what this key has signed stays signed. What the claims say is checked each time."""
        known = self._signed.get(token)
        if known is None or known[0] is not key:
            known = self._signed[token] = key, jwt.decode(token, key, algorithms=ALGORITHMS).claims
            while len(self._signed) > REMEMBERED:
                self._signed.popitem(last=False)
        return known[1]

    def _check(self, claims: dict[str, Any]) -> None:
        rules = jwt.JWTClaimsRegistry(
            now=int(time.time()),
            leeway=LEEWAY,
            iss={"essential": True, "value": self._issuer},
            aud={"essential": True, "value": self._audience},
            exp={"essential": True},
            nbf={"essential": True},
            sub={"essential": True},
        )
        try:
            rules.validate(claims)
        except MissingClaimError as error:
            raise self._refusal("missing", "The token lacks one of the claims iss, aud, sub, exp, nbf.") from error
        except ExpiredTokenError as error:
            raise self._refusal("expired", "The token has expired; get a new one.") from error
        except InvalidClaimError as error:
            reason, text = {
                "iss": ("issuer", "The token is from another issuer."),
                "aud": ("audience", f"The token is not for {self._audience} (`aud`)."),
                "nbf": ("expired", "The token is not valid yet."),
            }.get(error.claim, ("missing", f"The token's claim {error.claim} can't be read."))
            raise self._refusal(reason, text) from error

    def _refusal(self, reason: str, text: str) -> Unauthenticated:
        self._metrics.auth_failures_total.labels(reason=reason).inc()
        challenge = 'Bearer realm="careloop"' + ("" if reason == "missing" else ', error="invalid_token"')
        return Unauthenticated(text, headers={"WWW-Authenticate": challenge}, fix="Send a valid bearer token of the company's issuer.")


def _header(token: str) -> dict[str, Any] | None:
    head, *rest = token.split(".")
    if len(rest) != 2 or len(token) > LONGEST:
        return None
    try:
        header = json.loads(urlsafe_b64decode(head + "=" * (-len(head) % 4)))
    except ValueError:
        return None
    return header if isinstance(header, dict) else None


def _codes(claim: object) -> list[str]:
    return [it for it in claim if isinstance(it, str)] if isinstance(claim, list) else []
