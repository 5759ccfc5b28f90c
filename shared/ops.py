"""The port for operators: probes and metrics, apart from the API, never on the internet. It answers from memory, never by asking a dependency."""

import asyncio
import contextlib
import socket
from collections.abc import Generator

import orjson
import uvicorn
from prometheus_client.exposition import CONTENT_TYPE_LATEST
from starlette.types import ASGIApp, Receive, Scope, Send

from shared.health import Health
from shared.metrics import Metrics

DRAIN = 20  # seconds for requests in flight once we stop; the pod is killed after 45
UNTAKEN = 60.0  # seconds until the kernel ends a connection whose other end takes nothing; closing it would wait for that end


def ops_app(health: Health, metrics: Metrics) -> ASGIApp:
    """`/livez /readyz /startupz /healthz /metrics`."""
    probes = {"/livez": health.not_alive, "/readyz": health.not_ready, "/startupz": health.not_started}

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        assert scope["type"] == "http"
        path, status, kind = scope["path"], 200, b"application/json"
        if scope["method"] not in ("GET", "HEAD"):
            status, body = 405, b'{"ok":false,"why":["only GET"]}'
        elif path in probes:
            why = probes[path]()
            status, body = 503 if why else 200, orjson.dumps({"ok": not why, "why": why})
        elif path == "/healthz":
            body = orjson.dumps(health.told(), default=str, option=orjson.OPT_INDENT_2)
        elif path == "/metrics":
            health.show(metrics)
            kind, body = CONTENT_TYPE_LATEST.encode(), await metrics.page()
        else:
            status, body = 404, b'{"ok":false,"why":["/livez /readyz /startupz /healthz /metrics"]}'
        headers = [(b"content-type", kind), (b"content-length", str(len(body)).encode()), (b"cache-control", b"no-store")]
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": b"" if scope["method"] == "HEAD" else body})

    return app


class Server(uvicorn.Server):
    """uvicorn inside a loop that is ours: signals go to whoever runs the process."""

    @contextlib.contextmanager
    def capture_signals(self) -> Generator[None, None, None]:
        yield


def listen(host: str, port: int) -> socket.socket:
    """The port is ours, or an OSError says why not before anything else is started."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)  # asyncio sends small answers at once only if this is said
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    if hasattr(socket, "TCP_USER_TIMEOUT"):  # Linux; each connection inherits it
        listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, int(UNTAKEN * 1000))
    try:
        listener.bind((host, port))
    except OSError as error:
        listener.close()
        raise OSError(error.errno, f"{host}:{port} can't be listened on: {error.strerror}") from None
    listener.listen(2048)
    listener.setblocking(False)
    return listener


async def serve(app: ASGIApp, host: str, port: int, *, listener: socket.socket | None = None, drain: int = DRAIN) -> None:
    """Answer until cancelled; then stop accepting, finish what was begun, and return by the cancellation."""
    listener = listener or listen(host, port)
    server = Server(
        uvicorn.Config(
            app,
            log_config=None,
            access_log=False,
            lifespan="off",
            server_header=False,
            proxy_headers=False,
            ws="none",
            timeout_graceful_shutdown=drain,
            timeout_keep_alive=75,
            http="httptools",
        )
    )
    serving = asyncio.create_task(server.serve(sockets=[listener]))
    try:
        await asyncio.shield(serving)
    except asyncio.CancelledError:
        server.should_exit = True
        await serving
        raise
    finally:
        listener.close()
