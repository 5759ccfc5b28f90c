"""Development tokens: signed in half a second, believed by anybody who asks the issuer for its keys."""

import json
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


def careloop(run: Path, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*CARELOOP, *arguments], capture_output=True, text=True, check=False, env={**os.environ, "CARELOOP_RUN": str(run), **variables}
    )


def server_at(folder: Path, port: int) -> list[str]:
    return [sys.executable, "-m", "deploy.local.issuer", str(folder), str(port)]


def test_the_issuer_knows_the_roles_that_the_services_know() -> None:
    assert set(issuer.ROLES) == ROLES


def test_a_token_is_believed_by_whoever_asks_the_issuer(tmp_path: Path) -> None:
    port = a_port()
    issuer.prepare(tmp_path / "issuer", f"http://127.0.0.1:{port}")
    server = subprocess.Popen(server_at(tmp_path / "issuer", port), env=os.environ | {"CARELOOP_ENVIRONMENT": "development"})
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


def test_without_a_unit_it_is_for_all_and_all_can_be_said_more_than_once(tmp_path: Path) -> None:
    issuer.prepare(tmp_path / "issuer", "http://127.0.0.1:1")
    keys = KeySet.import_key_set(json.loads((tmp_path / "issuer" / "jwks.json").read_text()))
    plain = careloop(tmp_path, "token", "viewer")
    several = careloop(tmp_path, "token", "leader", "admin", "--unit", "a", "--unit", "b", "--post", "c", "--post", "d")
    claims = [jwt.decode(it.stdout.strip(), keys, algorithms=["ES256"]).claims for it in (plain, several)]
    assert [[it[name] for name in ("roles", "units", "posts")] for it in claims] == [
        [["viewer"], ["*"], []],
        [["leader", "admin"], ["a", "b"], ["c", "d"]],
    ]


def test_a_unit_that_is_not_there_is_no_unit(tmp_path: Path) -> None:
    """Whoever mistypes one would see nothing, and wonder."""
    issuer.prepare(tmp_path / "issuer", "http://127.0.0.1:1")
    (tmp_path / "config").mkdir()
    (tmp_path / "config" / "units.toml").write_text('default = "north"\n[units.north]\n[units.south]\n')
    refused = careloop(tmp_path, "token", "viewer", "--unit", "nowhere")
    assert refused.returncode == 2 and "There is no unit 'nowhere'" in refused.stderr and "north, south" in " ".join(refused.stderr.split())
    assert careloop(tmp_path, "token", "viewer", "--unit", "south").returncode == 0


NOT_HERE = "is for CARELOOP_ENVIRONMENT=development only"


@pytest.mark.parametrize("environment", ["production", "staging", ""])
def test_the_issuer_starts_in_development_only(tmp_path: Path, environment: str) -> None:
    issuer.prepare(tmp_path, "http://127.0.0.1:1")
    told = os.environ | {"CARELOOP_ENVIRONMENT": environment}
    refused = subprocess.run(server_at(tmp_path, a_port()), capture_output=True, text=True, check=False, env=told, timeout=20)
    assert refused.returncode == 1 and NOT_HERE in refused.stderr and refused.stderr.count("\n") == 1


def test_elsewhere_no_token_is_made_and_no_key(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    issuer.prepare(tmp_path / "issuer", "http://127.0.0.1:1")
    refused = careloop(tmp_path, "token", "admin", CARELOOP_ENVIRONMENT="production")
    assert (refused.returncode, refused.stdout) == (1, "") and NOT_HERE in refused.stderr and refused.stderr.count("\n") == 1
    monkeypatch.setenv("CARELOOP_ENVIRONMENT", "production")
    with pytest.raises(issuer.NotHere, match=NOT_HERE):
        issuer.prepare(tmp_path / "another", "http://127.0.0.1:1")  # `make run` ends there
    assert not (tmp_path / "another").exists()


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
