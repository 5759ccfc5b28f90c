"""A real OpenID provider (idpyoidc) on a port: it discovers itself, gives access tokens for client credentials, and rotates its keys."""

import json
import threading
from base64 import b64encode
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import httpx
from cryptojwt.key_bundle import build_key_bundle
from idpyoidc.server import Server
from idpyoidc.server.configure import OPConfiguration
from idpyoidc.server.token.jwt_token import JWTToken

from deploy.local.leash import a_port
from shared.jwks import DISCOVERY

SECRET = "not-much-of-a-secret"
THEIRS = {"realm_access": {"roles": ["care-agent", "offline_access"]}, "department": ["north"]}  # claims in the words of its operators
CLIENT = {"client_secret": SECRET, "redirect_uris": [], "grant_types_supported": ["client_credentials"], "allowed_scopes": ["openid"]}
SIGNING = [{"type": "EC", "crv": "P-256", "use": ["sig"]}]
SEALING = {"keys": {"key_defs": [{"type": "OCT", "use": ["enc"], "kid": it} for it in ("password", "salt")]}, "iterations": 1}


class AccessToken(JWTToken):
    """The provider's own, with what its operators would have it add: whose it is, for whom, and which roles they have there."""

    def load_custom_claims(self, payload: dict[str, Any]) -> dict[str, Any]:
        _, client, _ = self.upstream_get("context").session_manager.decrypt_session_id(payload["sid"])
        return payload | {"sub": client, "client_id": client, "aud": ["careloop", "elsewhere"]} | THEIRS


class Provider:
    """Can be stopped and started again; keys and clients stay."""

    def __init__(self, folder: Path) -> None:
        self.port = a_port()
        self.issuer = f"http://127.0.0.1:{self.port}"
        self.server = Server(OPConfiguration(conf=configuration(self.issuer), base_path=str(folder)), cwd=str(folder))
        self.clients = 0
        self.http: ThreadingHTTPServer | None = None

    def rotate(self) -> str:
        """A new key signs from now on; the old one, whose id this gives, is published as long as it is not withdrawn."""
        new = build_key_bundle(SIGNING).keys()
        for bundle in self._bundles():
            old = bundle.keys()
            bundle.set([*new, *old])
        return str(old[0].kid)

    def withdraw(self, kid: str) -> None:
        for bundle in self._bundles():
            bundle.mark_as_inactive(kid)

    def _bundles(self) -> list[Any]:
        """What it publishes, and what it signs with."""
        return [next(iter(self.server.keyjar.return_issuer(it))) for it in ("", self.issuer)]

    def start(self) -> None:
        self.http = ThreadingHTTPServer(("127.0.0.1", self.port), handler_of(self))
        threading.Thread(target=self.http.serve_forever, args=(0.05,), daemon=True).start()

    def stop(self) -> None:
        if self.http:
            self.http.shutdown()
            self.http.server_close()
            self.http = None

    def answer(self, path: str, form: str | None, headers: dict[str, str]) -> Any:
        if path == "/jwks":
            return self.server.keyjar.export_jwks()
        endpoint = self.server.get_endpoint("provider_config" if path == DISCOVERY else "token")
        asked = {name: it[0] for name, it in parse_qs(form).items()} if form is not None else {}
        told = endpoint.process_request(endpoint.parse_request(asked, http_info={"headers": headers}))
        return {name: it for name, it in told["response_args"].items() if it is not None}

    async def token(self) -> str:
        """As any client gets one: by discovery, with its credentials. Each is a client of its own: this provider fails at a client's second."""
        self.clients += 1
        self.server.context.cdb[client := f"erp-{self.clients}"] = CLIENT | {"client_salt": "salt"}
        async with httpx.AsyncClient(trust_env=False) as http:
            found = (await http.get(f"{self.issuer}{DISCOVERY}")).json()
            credentials = b64encode(f"{client}:{SECRET}".encode()).decode()
            asked = {"grant_type": "client_credentials", "scope": "openid"}
            told = (await http.post(found["token_endpoint"], data=asked, headers={"Authorization": f"Basic {credentials}"})).json()
        return f"Bearer {told['access_token']}"


def configuration(issuer: str) -> dict[str, Any]:
    grants = {"client_credentials": {"class": "idpyoidc.server.oauth2.token_helper.client_credentials.ClientCredentials"}}
    return {
        "issuer": issuer,
        "key_conf": {"key_defs": SIGNING, "uri_path": "jwks"},
        "endpoint": {
            "provider_config": {
                "path": DISCOVERY[1:],
                "class": "idpyoidc.server.oidc.provider_config.ProviderConfiguration",
                "kwargs": {},
            },
            "token": {
                "path": "token",
                "class": "idpyoidc.server.oidc.token.Token",
                "kwargs": {"client_authn_method": ["client_secret_basic"], "grant_types_helpers": grants},
            },
        },
        "token_handler_args": {
            "jwks_def": {"read_only": False, "key_defs": [{"type": "oct", "bytes": 24, "use": ["enc"], "kid": "code"}]},
            "token": {"class": f"{__name__}.AccessToken", "kwargs": {"lifetime": 600}},
        },
        "session_params": {"encrypter": {"kwargs": SEALING}},
    }


def handler_of(provider: Provider) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0))).decode() if self.command == "POST" else None
            told = provider.answer(self.path, body, {name.lower(): it for name, it in self.headers.items()})
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.end_headers()
            self.wfile.write(json.dumps(told).encode())

        def do_POST(self) -> None:
            self.do_GET()

        def log_message(self, *_: object) -> None: ...

    return Handler
