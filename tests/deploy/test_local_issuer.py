"""Development tokens: signed in half a second, believed by anybody who asks the issuer for its keys."""

import os
import subprocess
import sys
import time
from pathlib import Path

import httpx
import pytest
from joserfc import jwt
from joserfc.jwk import KeySet

from deploy.local import issuer
from deploy.local.leash import a_port
from shared.permissions import ROLES

CARELOOP = [sys.executable, "-m", "deploy.command"]


def careloop(run: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*CARELOOP, *arguments], capture_output=True, text=True, check=False, env={**os.environ, "CARELOOP_RUN": str(run)}
    )


def test_the_issuer_knows_the_roles_that_the_services_know() -> None:
    assert set(issuer.ROLES) == ROLES


def test_a_token_is_believed_by_whoever_asks_the_issuer(tmp_path: Path) -> None:
    port = a_port()
    issuer.prepare(tmp_path / "issuer", f"http://127.0.0.1:{port}")
    server = subprocess.Popen([sys.executable, "-m", "deploy.local.issuer", str(tmp_path / "issuer"), str(port)])
    try:
        found = _patiently(f"http://127.0.0.1:{port}/.well-known/openid-configuration")
        keys = KeySet.import_key_set(httpx.get(found["jwks_uri"], trust_env=False).json())
    finally:
        server.kill()
        server.wait()
    made = careloop(tmp_path, "token", "specialist", "--unit", "north", "--subject", "li", "--ttl", "30m")
    claims = jwt.decode(made.stdout.strip(), keys, algorithms=["ES256"]).claims
    assert claims["exp"] - claims["iat"] == 1800
    expected = {"iss": found["issuer"], "aud": "careloop", "sub": "li", "roles": ["specialist"], "units": ["north"], "posts": []}
    assert {name: claims[name] for name in expected} == expected
    assert claims["nbf"] <= claims["iat"]


def test_the_key_stays_and_stays_private(tmp_path: Path) -> None:
    issuer.prepare(tmp_path, "http://127.0.0.1:1")
    key = (tmp_path / "key.json").read_text()
    issuer.prepare(tmp_path, "http://127.0.0.1:2")
    assert (tmp_path / "key.json").read_text() == key
    assert (tmp_path / "key.json").stat().st_mode & 0o777 == 0o600
    assert '"d"' not in (tmp_path / "jwks.json").read_text()


def test_a_token_takes_half_a_second(tmp_path: Path) -> None:
    issuer.prepare(tmp_path / "issuer", "http://127.0.0.1:1")
    took = []
    for _ in range(5):
        started = time.monotonic()
        assert careloop(tmp_path, "token", "viewer").returncode == 0
        took.append(time.monotonic() - started)
    assert min(took) < 0.5


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (("boss",), 2, "There is no role 'boss'; the roles are specialist, "),
        (("viewer", "--ttl", "soon"), 2, "write 30m, 8h or 2d"),
        (("viewer",), 1, "`make run` makes one"),
    ],
)
def test_what_it_refuses_is_one_sentence(tmp_path: Path, arguments: tuple[str, ...], code: int, words: str) -> None:
    refused = careloop(tmp_path, "token", *arguments)
    assert (refused.returncode, refused.stdout) == (code, "")
    assert words in refused.stderr and refused.stderr.count("\n") == 1


def _patiently(url: str) -> dict[str, str]:
    limit = time.monotonic() + 10
    while True:
        try:
            found: dict[str, str] = httpx.get(url, trust_env=False).json()
            return found
        except httpx.TransportError:
            if time.monotonic() > limit:
                raise
            time.sleep(0.05)
