"""Prometheus and Alertmanager over the processes of a stage, with the rules of the chart and the example of Alertmanager, all of them faster."""

import json
import re
import signal
import subprocess
import threading
from collections.abc import Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx

from deploy.local.leash import a_port, spawn
from deploy.monitoring import documents
from deploy.monitoring.alert import span

EVERY = 3  # seconds between two scrapes
DURATION = re.compile(r"(?<=: )(\d+[smhd])$", re.MULTILINE)


class Pager:
    """Who is woken: everything that Alertmanager tells, by its severity."""

    def __init__(self) -> None:
        self.heard: list[Mapping[str, str]] = []
        pager = self

        class Told(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["content-length"])))
                pager.heard += [it["labels"] | it["annotations"] for it in body["alerts"] if it["status"] == "firing"]
                self.send_response(200)
                self.end_headers()

            def log_message(self, *_: Any) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Told)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.server.server_address[1]}/"

    def names(self, severity: str) -> set[str]:
        return {it["alertname"] for it in self.heard if it["severity"] == severity}


class Watching:
    def __init__(self, folder: Path, scale: float) -> None:
        self.folder, self.scale, self.pager = folder, scale, Pager()
        self.port, self.manager_port = a_port(), a_port()
        self.children: list[subprocess.Popen[bytes]] = []

    def start(self, targets: Mapping[str, str]) -> None:
        """`targets`: job → host:port."""
        self.folder.mkdir(parents=True, exist_ok=True)
        documents.write(self.folder / "rules", documents.rules(self.scale, "deploy/monitoring/runbooks/"))
        example = (documents.HERE / "alertmanager.example.yaml").read_text()
        told = re.sub(r"http://\w+\.example/careloop", self.pager.address, example)
        told = "\n".join(
            re.sub(r"^(\s*(?:group|repeat)_\w+: )(\d+[smhd])", lambda it: it[1] + span(it[2], self.scale), line)
            for line in told.split("\n")
        )
        (self.folder / "alertmanager.yaml").write_text(told)
        (self.folder / "prometheus.yaml").write_text(self.config(targets))
        self.run(
            "prometheus-alertmanager", f"--config.file={self.folder}/alertmanager.yaml", f"--storage.path={self.folder}/alertmanager",
            f"--web.listen-address=127.0.0.1:{self.manager_port}", "--cluster.listen-address=",
        )  # fmt: skip
        self.run(
            "prometheus", f"--config.file={self.folder}/prometheus.yaml", f"--storage.tsdb.path={self.folder}/prometheus",
            f"--web.listen-address=127.0.0.1:{self.port}", "--rules.alert.resend-delay=5s",
        )  # fmt: skip

    def run(self, *command: str) -> None:
        self.children.append(
            spawn(
                list(command),
                log=self.folder / f"{command[0]}.log",
                on_our_death=signal.SIGKILL,
                env={"PATH": "/usr/bin:/bin", "GOMAXPROCS": "1"},
            )
        )

    def config(self, targets: Mapping[str, str]) -> str:
        jobs = [
            {"job_name": job, "static_configs": [{"targets": [address]}], "scrape_interval": f"{EVERY}s", "scrape_timeout": f"{EVERY}s"}
            for job, address in targets.items()
        ]
        told = {
            "global": {"evaluation_interval": "2s"},
            "rule_files": [f"{self.folder}/rules/*.yaml"],
            "alerting": {"alertmanagers": [{"static_configs": [{"targets": [f"127.0.0.1:{self.manager_port}"]}]}]},
            "scrape_configs": jobs,
        }
        return json.dumps(told)

    async def stirring(self) -> set[str]:
        """The pages that Prometheus has in mind now, whether or not anybody is told."""
        async with httpx.AsyncClient(trust_env=False) as client:
            try:
                answer = await client.get(f"http://127.0.0.1:{self.port}/api/v1/alerts")
            except httpx.TransportError:
                return {"Prometheus is not there"}
        return {
            f"{it['labels']['alertname']} ({it['labels']['severity']})"
            for it in answer.json()["data"]["alerts"]
            if it["labels"]["severity"] == "page"
        }

    async def restarts(self) -> float:
        """How often processes began within the time in which that is told: each fault's own restarts are not the next one's."""
        question = f'max(changes(process_start_time_seconds{{job=~"careloop-.+"}}[{span("30m", self.scale)}]))'
        async with httpx.AsyncClient(trust_env=False) as client:
            try:
                answer = await client.get(f"http://127.0.0.1:{self.port}/api/v1/query", params={"query": question})
            except httpx.TransportError:
                return 0
        return float(next((it["value"][1] for it in answer.json()["data"]["result"]), 0))

    def stop(self) -> None:
        for child in self.children:
            child.terminate()
            child.wait()
        self.pager.server.shutdown()
