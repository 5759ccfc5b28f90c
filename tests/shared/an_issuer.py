"""An issuer over HTTP that can be slow, away or wrong, and a clock that goes when it is told to."""

import contextlib
import http.server
import threading
import time

from tests.shared.an_api import jwks


class AnIssuer:
    """Answers with the key set, but for what stands in `documents`; counts how often it is asked, and keeps what it was told last."""

    def __init__(self) -> None:
        self.asked, self.text, self.status, self.delay = 0, jwks(), 200, 0.0
        self.documents: dict[str, str | None] = {}  # None: not found
        self.told: dict[str, str] = {}
        issuer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                issuer.asked += 1
                issuer.told = {name.title(): it for name, it in self.headers.items()}
                time.sleep(issuer.delay)
                text = issuer.documents.get(self.path, issuer.text)
                self.send_response(404 if text is None else issuer.status)
                self.end_headers()
                with contextlib.suppress(ConnectionError):  # whoever has heard enough hangs up
                    self.wfile.write((text or "").encode())

            def log_message(self, *_: object) -> None: ...

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.address = f"http://127.0.0.1:{self.server.server_port}"
        self.url = f"{self.address}/jwks"
        threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True).start()


class Clock:
    at = 1_000_000.0

    def __call__(self) -> float:
        return self.at
