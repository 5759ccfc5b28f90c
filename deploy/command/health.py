"""What is wrong just now?"""

import asyncio
import os
import socket
from typing import Annotated
from urllib.parse import urlsplit

import typer

from deploy.answer import AsJson, tell_json

app = typer.Typer()
OURS = "http://127.0.0.1:9090"  # in a pod, its own


@app.command()
def health(
    at: Annotated[
        list[str] | None, typer.Option(help="Ask here: host:port of probes and metrics. A name of several addresses is asked at each.")
    ] = None,
    seconds: Annotated[float, typer.Option(help="Look twice, so far apart.", min=0, max=60)] = 2.0,
    as_json: AsJson = False,
) -> None:
    """Say of every process what is not as it should be, and why; the exit code is 1 if anything is wrong.

    It asks at --at, or at what CARELOOP_OPS names (separated by commas), or the system that runs here, or this machine's own port 9090.
    """
    from deploy import health

    processes = addresses(at or [it for it in os.environ.get("CARELOOP_OPS", "").split(",") if it])

    async def twice() -> list[str]:
        before = await health.look(processes)
        await asyncio.sleep(seconds)
        return health.wrong(before, await health.look(processes))

    found = asyncio.run(twice())
    if as_json:
        tell_json(found)
    else:
        typer.echo("\n".join(found) if found else f"{len(processes)} process(es) are well.")
    raise typer.Exit(1 if found else 0)


def addresses(named: list[str]) -> dict[str, str]:
    """Process → where its probes and metrics are."""
    from deploy import places

    if not named:
        return places.addresses().get("ops") or {"this process": OURS}
    return {process: address for it in named for process, address in behind(it)}


def behind(named: str) -> list[tuple[str, str]]:
    """All that a name stands for: a headless Service's are its pods."""
    parts = urlsplit(named if "//" in named else f"//{named}")
    host, port = parts.hostname or "127.0.0.1", parts.port or 9090
    try:
        found = sorted({str(it[4][0]) for it in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)})
    except OSError:
        raise typer.BadParameter(f"Nobody knows the name {host}.") from None
    if len(found) == 1:
        return [(f"{host}:{port}", url(found[0], port))]
    return [(f"{host} ({it})", url(it, port)) for it in found]


def url(address: str, port: int) -> str:
    return f"http://[{address}]:{port}" if ":" in address else f"http://{address}:{port}"
