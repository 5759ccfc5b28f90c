"""The development issuer: signs tokens with a key in a folder and shows its public half the way any OIDC issuer does."""

import json
import os
import secrets
import sys
import time
from collections.abc import Sequence
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from deploy.local.place import write_private
from shared.errors import Refusal

AUDIENCE = "careloop"
ROLES = ("specialist", "supervisor", "leader", "department", "reception", "integration", "auditor", "privacy_officer", "admin", "viewer")
ALGORITHM = "ES256"


class NotHere(Refusal):
    """The development issuer signs for whoever asks, so it is for CARELOOP_ENVIRONMENT=development only; elsewhere use the company's issuer."""


def only_in_development(unsaid: str = "production") -> None:
    """Refuses anywhere else. `unsaid`: what the environment is taken for where it says nothing."""
    if (os.environ.get("CARELOOP_ENVIRONMENT") or unsaid) != "development":
        raise NotHere


def prepare(folder: Path, address: str) -> None:
    """The key, made once, and the address that stands in `iss`."""
    from joserfc.jwk import ECKey  # late: the server itself needs no cryptography

    only_in_development(unsaid="development")  # `make run` makes it so for all that it starts
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    private = folder / "key.json"
    if not private.exists():
        key = ECKey.generate_key("P-256", {"kid": secrets.token_hex(8), "use": "sig", "alg": ALGORITHM})
        write_private(private, json.dumps(key.as_dict(private=True)))
    public = {name: value for name, value in json.loads(private.read_text()).items() if name != "d"}
    write_private(folder / "jwks.json", json.dumps({"keys": [public]}))
    write_private(folder / "address", address)


def sign(
    folder: Path, roles: Sequence[str], *, subject: str, units: Sequence[str] = (), posts: Sequence[str] = (), seconds: int = 8 * 3600
) -> str:
    """A bearer token that every service of this checkout believes. Where no unit is named it is for all of them."""
    from joserfc import jwt
    from joserfc.jwk import ECKey

    key = ECKey.import_key(json.loads((folder / "key.json").read_text()))
    now = int(time.time())
    claims: dict[str, Any] = {
        "iss": (folder / "address").read_text(),
        "aud": AUDIENCE,
        "sub": subject,
        "iat": now,
        "nbf": now - 5,
        "exp": now + seconds,
        "roles": list(roles),
        "units": list(units) or ["*"],
        "posts": list(posts),
    }
    return jwt.encode({"alg": ALGORITHM, "kid": key.kid}, claims, key)


def serve(folder: Path, port: int) -> None:
    address = (folder / "address").read_text()
    documents = {
        "/.well-known/openid-configuration": json.dumps(
            {"issuer": address, "jwks_uri": f"{address}/jwks", "id_token_signing_alg_values_supported": [ALGORITHM]}
        ),
        "/jwks": (folder / "jwks.json").read_text(),
    }

    class Documents(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            document = documents.get(self.path)
            body = (document or '{"error": "only /jwks and /.well-known/openid-configuration are here"}').encode()
            self.send_response(200 if document else 404)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            """Nobody reads it."""

    ThreadingHTTPServer(("127.0.0.1", port), Documents).serve_forever()


if __name__ == "__main__":
    try:
        only_in_development()
    except NotHere as refused:
        sys.exit(str(refused))
    serve(Path(sys.argv[1]), int(sys.argv[2]))
