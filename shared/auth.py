"""Who asks: a bearer token (OIDC JWT) is checked in full, here, without asking anybody.

A token says who signed it; it is checked against the keys and algorithms of that issuer alone, for issuer, audience, expiry and beginning,
each with 30 seconds of leeway for clocks that differ.
"""

import time
import warnings
from base64 import urlsafe_b64decode
from collections import OrderedDict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import orjson
from joserfc import jwt
from joserfc.errors import ExpiredTokenError, InvalidClaimError, JoseError, MissingClaimError, SecurityWarning
from joserfc.jwk import Key
from joserfc.jws import JWSRegistry

from shared.issuers import ALGORITHMS, Issuer, codes, found
from shared.keys import Keys, NoKeys
from shared.metrics import Metrics
from shared.problems import Unauthenticated, Unavailable

LEEWAY = 30
LONGEST = 8192  # characters of a token
LONGEST_NAME = 255  # characters of a `sub`; OIDC allows no more
ALL = "*"  # in place of units: all of them
REMEMBERED = 1024  # tokens whose signature was good
REASONS = "missing", "expired", "signature", "kid", "audience", "issuer", "kind", "forbidden"
ACCESS = frozenset(("jwt", "at+jwt", "application/at+jwt"))  # `typ` of a header that may be an access token's
OTHER_KINDS = frozenset(("id", "refresh", "offline", "logout"))  # `typ` among the claims, as Keycloak writes it

warnings.filterwarnings("ignore", "EdDSA", SecurityWarning)  # joserfc prefers the other name


@dataclass(frozen=True, slots=True)
class Principal:
    """A person or system as its token names it."""

    sub: str
    roles: frozenset[str]
    units: tuple[str, ...] = ()
    posts: tuple[str, ...] = ()
    issuer: str = ""

    @property
    def unit(self) -> str | None:
        """The unit that they work for, where it is certain."""
        return self.units[0] if len(self.units) == 1 and self.units[0] != ALL else None


class Signatures(JWSRegistry):
    """Of what providers write in headers beside what we read, nothing is used and nothing is a mistake (RFC 7515)."""

    max_header_length = 4096

    def __init__(self, algorithms: Iterable[str]) -> None:
        both = {"EdDSA", "Ed25519"}  # two names of one
        allowed = {*algorithms} | (both if both & {*algorithms} else set())
        super().__init__(algorithms=sorted(allowed), strict_check_header=False)


@dataclass(frozen=True, slots=True)
class Trusted:
    """An issuer, its keys, and what it may sign with."""

    issuer: Issuer
    keys: Keys
    signatures: Signatures


class Door:
    """Lets in whoever has a good token, and counts the others by the reason."""

    def __init__(self, issuers: Iterable[tuple[Issuer, Keys]], metrics: Metrics) -> None:
        self._metrics = metrics
        self._trusted = {issuer.issuer: Trusted(issuer, keys, Signatures(issuer.algorithms)) for issuer, keys in issuers}
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
        header, unproven = parts(token)
        if header is None or unproven is None or header.get("alg") not in ALGORITHMS or "crit" in header:
            raise self._refusal("signature", f"The token is none, or not signed by one of {', '.join(ALGORITHMS)}.")
        kid = header.get("kid")
        if not isinstance(kid, str) or not kid or len(kid) > 256:
            raise self._refusal("kid", "The token's header names no key (`kid`).")
        trusted = self._signer(unproven)
        try:
            key = await trusted.keys.find(kid)
        except NoKeys as error:
            raise Unavailable("The keys of the token issuer can't be had, so no token can be checked.") from error
        if key is None:
            raise self._refusal("kid", "The token is signed by a key that its issuer does not publish.")
        try:
            claims = self._claims(token, key, trusted.signatures)
        except (JoseError, ValueError, TypeError, RecursionError) as error:
            raise self._refusal("signature", "The token's signature is wrong.") from error
        self._check(claims, trusted.issuer)
        if not an_access_token(header, claims):
            raise self._refusal("kind", "This is another kind of token; send the access token.")
        return self._principal(claims, trusted.issuer)

    def _signer(self, unproven: dict[str, Any]) -> Trusted:
        """What the token says of itself only selects; that issuer's key then proves it."""
        told = unproven.get("iss")
        if told is None:
            raise self._refusal("missing", "The token lacks the claim iss.")
        trusted = self._trusted.get(told) if isinstance(told, str) else None
        if trusted is None:
            raise self._refusal("issuer", "The token is from another issuer.")
        return trusted

    def _claims(self, token: str, key: Key, signatures: Signatures) -> dict[str, Any]:
        """Whoever asks, asks again with the same token, and what this key has signed stays signed. What the claims say is checked each time.

        A key that is no longer published is not found, and one that is published anew is another object: neither opens what is kept here.
        """
        known = self._signed.get(token)
        if known is None or known[0] is not key:
            known = self._signed[token] = key, jwt.decode(token, key, registry=signatures).claims
            while len(self._signed) > REMEMBERED:
                self._signed.popitem(last=False)
        return known[1]

    def _check(self, claims: dict[str, Any], issuer: Issuer) -> None:
        needed: dict[str, jwt.ClaimsOption] = {name: {"essential": True} for name in issuer.require}
        needed["iss"]["value"], needed["aud"]["value"] = issuer.issuer, issuer.audience
        rules = jwt.JWTClaimsRegistry(now=int(time.time()), leeway=LEEWAY, **needed)
        try:
            rules.validate(claims)
        except MissingClaimError as error:
            raise self._refusal("missing", f"The token lacks one of the claims {', '.join(issuer.require)}.") from error
        except ExpiredTokenError as error:
            raise self._refusal("expired", "The token has expired; get a new one.") from error
        except InvalidClaimError as error:
            reason, text = {
                "iss": ("issuer", "The token is from another issuer."),
                "aud": ("audience", f"The token is not for {issuer.audience} (`aud`)."),
                "nbf": ("expired", "The token is not valid yet."),
                "iat": ("expired", "The token is not valid yet."),
            }.get(error.claim, ("missing", f"The token's claim {error.claim} can't be read."))
            raise self._refusal(reason, text) from error

    def _principal(self, claims: dict[str, Any], issuer: Issuer) -> Principal:
        name = found(claims, issuer.subject_claim)
        if not isinstance(name, str) or not name.isprintable() or not 0 < len(name) <= LONGEST_NAME:
            raise self._refusal("missing", f"The token's claim {issuer.subject_claim} can't be read.")
        return Principal(
            name, issuer.roles(claims), issuer.units_of(claims), tuple(codes(found(claims, issuer.posts_claim))), issuer.issuer
        )

    def _refusal(self, reason: str, text: str) -> Unauthenticated:
        self._metrics.auth_failures_total.labels(reason=reason).inc()
        challenge = 'Bearer realm="careloop"' + ("" if reason == "missing" else ', error="invalid_token"')
        return Unauthenticated(
            text, headers={"WWW-Authenticate": challenge}, field="Authorization", fix="Send a valid bearer token of the company's issuer."
        )


def parts(token: str) -> tuple[dict[str, Any] | None, dict[str, Any] | None]:
    """Header and claims as they are written; nothing of it is proven."""
    if token.count(".") != 2 or len(token) > LONGEST:
        return None, None
    header, claims, _ = token.split(".")
    return read(header), read(claims)


def read(part: str) -> dict[str, Any] | None:
    try:
        told = orjson.loads(urlsafe_b64decode(part + "=" * (-len(part) % 4)))
    except ValueError:
        return None
    return told if isinstance(told, dict) else None


def an_access_token(header: Mapping[str, Any], claims: Mapping[str, Any]) -> bool:
    """An ID token is for the one who signed in, not for us; it is told by what only such tokens have. Providers that say the kind are believed."""
    kind, said = str(header.get("typ", "jwt")).lower(), str(claims.get("typ", "")).lower()
    if kind not in ACCESS or said in OTHER_KINDS or "events" in claims:
        return False
    return kind != "jwt" or said == "bearer" or not claims.keys() & {"nonce", "at_hash", "c_hash"}
