"""API2 of OWASP's ten: tokens that are none, forged, foreign, over, or brought in by another way."""

import base64
import json
import time
from collections.abc import Callable

from shared.api import OPEN
from tests.owasp.conftest import Served
from tests.shared.an_api import shared_secret_token, token


def encoded(told: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(told).encode()).decode().rstrip("=")


def unsigned(algorithm: str) -> str:
    good = token("admin").split(".")
    return f"{encoded({'alg': algorithm, 'kid': 'rsa', 'typ': 'JWT'})}.{good[1]}."


def tampered() -> str:
    """A viewer's, with `admin` written over it."""
    head, body, signature = token("viewer").split(".")
    claims = json.loads(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)))
    return f"{head}.{encoded(claims | {'roles': ['admin']})}.{signature}"


FORGED: dict[str, Callable[[], str]] = {
    "no algorithm": lambda: unsigned("none"),
    "no algorithm in capitals": lambda: unsigned("NONE"),
    "the public key as a secret": shared_secret_token,
    "claims written over": tampered,
    "signature cut off": lambda: token("admin").rpartition(".")[0] + ".",
    "expired": lambda: token("admin", exp=int(time.time()) - 60),
    "not valid yet": lambda: token("admin", nbf=int(time.time()) + 600),
    "for ever": lambda: token("admin", exp=None),
    "for somebody else": lambda: token("admin", aud="payroll"),
    "of another issuer": lambda: token("admin", iss="https://evil.example"),
    "of nobody": lambda: token("admin", sub=None),
    "a key of another kind": lambda: token("admin", header={"kid": "ec"}),
    "a key that is a path": lambda: token("admin", header={"kid": "../../../../dev/null"}),
    "a key that is a query": lambda: token("admin", header={"kid": "rsa' OR '1'='1"}),
    "not a token": lambda: "admin",
    "empty": lambda: " ",
    "very long": lambda: token("admin", padding="x" * 9000),
}


async def test_api2_no_forged_token_opens_any_door(served: Served) -> None:
    """Tried: each of the usual forgeries at every door. It is a 401 that says how to come back, and never what is behind the door."""
    for kind, forge in FORGED.items():
        bearer = forge()
        for door in served.doors():
            answer = await served.knock(door, bearer)
            assert (answer.status_code, answer.headers["WWW-Authenticate"][:6]) == (401, "Bearer"), f"{kind}: {door}"


async def test_api2_a_token_counts_in_its_header_alone(served: Served) -> None:
    """Tried: a good token in the query, in a cookie, in another header, under another scheme: what lands in logs and histories is none."""
    good = token("admin")
    for door in served.doors():
        path = served.path(door)
        for answer in (
            await served.knock(door, None),
            await served.knock(door, None, path=f"{path}?access_token={good}"),
            await served.knock(door, None, Cookie=f"Authorization=Bearer {good}; token={good}"),
            await served.knock(door, None, X_Authorization=f"Bearer {good}"),
            await served.knock(door, None, Authorization=f"Basic {base64.b64encode(f'admin:{good}'.encode()).decode()}"),
        ):
            assert answer.status_code == 401, door


async def test_api2_only_the_documents_are_open(served: Served) -> None:
    """Tried: every address without a token. Open are the documents, which show shapes and nobody's data."""
    for path in OPEN:
        assert (await served.api.client.get(path)).status_code == 200
    for path in ("/", "/v1", "/admin", "/metrics", "/healthz", "/.env", "/redoc", "/debug"):
        assert (await served.api.client.get(path)).status_code in (401, 404), path
