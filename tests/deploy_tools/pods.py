"""Runs a rendered pod as a process: its command, its environment, its files and its probes, with paths of the image moved into a folder."""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

from deploy.local.leash import a_port

Object = dict[str, Any]
Files = Mapping[str, Mapping[str, str]]


@dataclass
class Cluster:
    """What pods find there: Secrets and ConfigMaps by name."""

    folder: Path
    secrets: Files
    maps: Files
    moved: dict[str, str] = field(default_factory=dict)

    def lay(self, pod: str, spec: Object) -> tuple[Path, dict[str, str]]:
        """The root of this pod with all that is mounted; where each path of the image is here."""
        root = self.folder / pod
        moved = {}
        volumes = {it["name"]: it for it in spec.get("volumes", ())}
        for mount in spec["containers"][0].get("volumeMounts", ()):
            place = root / mount["mountPath"].lstrip("/")
            place.mkdir(parents=True, exist_ok=True)
            moved[mount["mountPath"]] = str(place)
            for path, text in self.content(volumes[mount["name"]]).items():
                (place / path).parent.mkdir(parents=True, exist_ok=True)
                (place / path).write_text(text)
        for file in root.rglob("*"):
            if file.is_file():
                file.write_text(put(file.read_text(), moved))
        return root, moved

    def content(self, volume: Object) -> dict[str, str]:
        if "emptyDir" in volume:
            return {}
        if "configMap" in volume:
            return picked(self.maps[volume["configMap"]["name"]], volume["configMap"])
        if "secret" in volume:
            return picked(self.secrets[volume["secret"]["secretName"]], volume["secret"])
        sources = (it["secret"] for it in volume["projected"]["sources"])
        return {path: text for it in sources for path, text in picked(self.secrets[it["name"]], it).items()}


def picked(files: Mapping[str, str], source: Object) -> dict[str, str]:
    """A key that is named and not there keeps the pod from starting, here too."""
    return {it["path"]: files[it["key"]] for it in source["items"]} if "items" in source else dict(files)


def put(text: str, moved: Mapping[str, str]) -> str:
    for there in sorted(moved, key=len, reverse=True):
        text = text.replace(there, moved[there]) if there != "/tmp" else text
    return text


@dataclass
class Running:
    name: str
    container: Object
    process: asyncio.subprocess.Process
    ports: dict[str, int]
    log: Path

    async def probe(self, kind: str) -> bool:
        asked = self.container[kind]["httpGet"]
        try:
            async with httpx.AsyncClient(trust_env=False, timeout=self.container[kind]["timeoutSeconds"]) as client:
                answer = await client.get(f"http://127.0.0.1:{self.ports[asked['port']]}{asked['path']}")
        except httpx.HTTPError:
            return False
        return answer.is_success

    async def until(self, kind: str, *, is_so: bool = True, seconds: float = 60) -> None:
        async with asyncio.timeout(seconds):
            while await self.probe(kind) != is_so:
                assert self.process.returncode is None, f"{self.name} ended: {self.log.read_text()[-3000:]}"
                await asyncio.sleep(0.1)

    async def ends(self, grace: float) -> int:
        """As the kubelet does it, but for the sleep before."""
        self.process.send_signal(signal.SIGTERM)
        return await asyncio.wait_for(self.process.wait(), grace)


@asynccontextmanager
async def started(cluster: Cluster, name: str, template: Object, *, ordinal: int = 0) -> AsyncIterator[Running]:
    spec = template["spec"]
    (container,) = spec["containers"]
    root, moved = cluster.lay(name, spec)
    variables = {it["name"]: it["value"] if "value" in it else str(ordinal) for it in container.get("env", ())}
    ports = {it["name"]: a_port() for it in container.get("ports", ())}
    variables |= (
        {"CARELOOP_HOST": "127.0.0.1", "CARELOOP_PORT": str(ports.get("http", 0)), "CARELOOP_OPS_PORT": str(ports.get("ops", 0))}
        if ports
        else {}
    )
    env = {name: put(value, moved) for name, value in variables.items()}
    env |= {
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
        "TMPDIR": moved["/tmp"],
        "PYTHONPATH": str(Path(__file__).parents[2]),
    }
    log = root / "log"
    with log.open("wb") as out:
        command = (
            [sys.executable, "-m", "deploy.command", *container["command"][1:]]
            if container["command"][0] == "careloop"
            else container["command"]
        )
        process = await asyncio.create_subprocess_exec(*command, env=env, cwd=root, stdout=out, stderr=out)
    try:
        yield Running(name, container, process, ports, log)
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


async def done(cluster: Cluster, name: str, template: Object) -> tuple[int, str]:
    async with started(cluster, name, template) as it:
        code = await asyncio.wait_for(it.process.wait(), 120)
        return code, it.log.read_text()
