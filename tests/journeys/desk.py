"""The people of a customer service, at work in a whole system: they take complaints, call customers, answer inquiries and receive guests."""

import json
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import httpx

from tests.terminal import Terminal

Thing = dict[str, Any]


def now(**more: float) -> str:
    return (datetime.now(UTC) + timedelta(**more)).isoformat()


def until(seen: Callable[[], Any], seconds: float = 60) -> Any:
    """What is seen, as soon as there is something."""
    limit = time.monotonic() + seconds
    while not (found := seen()):
        assert time.monotonic() < limit, "it was never seen"
        time.sleep(0.1)
    return found


class Desk:
    """Reads and writes by the public APIs and topics alone."""

    def __init__(self, terminal: Terminal) -> None:
        self.terminal, self.addresses = terminal, terminal.addresses
        self.clients = {role: self.client(role) for role in ("specialist", "supervisor", "reception", "admin")}

    def client(self, role: str) -> httpx.Client:
        token = self.terminal.careloop("token", role, "--subject", f"the-{role}").stdout.strip()
        return httpx.Client(headers={"Authorization": f"Bearer {token}"}, trust_env=False, timeout=30)

    def ask(self, method: str, service: str, path: str, body: Any = None, *, role: str = "specialist", **headers: str) -> httpx.Response:
        told = {name.replace("_", "-"): value for name, value in headers.items()}
        return self.clients[role].request(method, f"{self.addresses[service]}{path}", json=body, headers=told)

    def get(self, service: str, path: str, **params: str) -> Any:
        answer = self.clients["admin"].get(f"{self.addresses[service]}{path}", params=params)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def items(self, service: str, path: str, **params: str) -> list[Thing]:
        """A register to its end."""
        found: list[Thing] = []
        cursor: dict[str, str] = {}
        while True:
            page = self.get(service, path, limit="200", **params, **cursor)
            found += page["items"]
            if not page["next"]:
                return found
            cursor = {"cursor": page["next"]}

    # -- steps

    def post(self, service: str, path: str, body: Any = None, *, role: str = "specialist", status: int = 201, **headers: str) -> Any:
        answer = self.ask("POST", service, path, {} if body is None else body, role=role, **headers)
        assert answer.status_code == status, f"{path}: {answer.status_code} {answer.text}"
        return answer.json()

    def complain(self, reference: str, **more: Any) -> Thing:
        system, _, id = reference.partition("/")
        body = {
            "customer": {"system": system, "id": id},
            "channel": "phone",
            "category": "delivery",
            "content": "The coil came bent.",
        } | more
        taken: Thing = self.post("complaints", "/v1/complaints", body)
        return taken

    def complaint(self, id: str) -> Thing:
        found: Thing = self.get("complaints", f"/v1/complaints/{id}")
        return found

    def step(self, id: str, name: str, body: Any = None, *, status: int = 200, role: str = "specialist") -> Thing:
        tag = f'"{self.complaint(id)["version"]}"'
        done: Thing = self.post("complaints", f"/v1/complaints/{id}/{name}", body, role=role, status=status, If_Match=tag)
        return done

    def resolve(self, id: str) -> Thing:
        """Also what comes before it, in the first round."""
        if self.complaint(id)["round"] == 1:
            self.step(id, "acknowledgement", {"told": "We look into it.", "feedback_by": now(days=1)})
            self.step(id, "judgement", {"upheld": True, "reason": "The strap was loose.", "severity": "ordinary"})
        return self.step(id, "resolution", {"result": "A new coil is on its way.", "compensation": None})

    def call(self, about: str, round: int = 1, state: str = "planned") -> Thing:
        """The call about this, in this state."""

        def seen() -> list[Thing]:
            return [it for it in self.items("followup", "/v1/calls", about=about) if it["round"] == round and it["state"] == state]

        (call,) = until(seen)
        found: Thing = call
        return found

    def answer(self, call: Thing, satisfaction: str, **more: Any) -> Thing:
        done: Thing = self.post("followup", f"/v1/calls/{call['id']}/outcome", {"satisfaction": satisfaction} | more, status=200)
        return done

    def until_it_is(self, id: str, state: str, round: int = 1) -> Thing:
        def seen() -> Thing | None:
            complaint = self.complaint(id)
            return complaint if (complaint["state"], complaint["round"]) == (state, round) else None

        found: Thing = until(seen)
        return found

    def story(self, correlation: str) -> list[str]:
        """What happened, in all services, by time."""
        events = [
            it for name in ("complaints", "followup", "reception") for it in self.items(name, "/v1/events", correlationid=correlation)
        ]
        return [it["type"].removesuffix(".v1") for it in sorted(events, key=lambda it: (it["time"], it["id"]))]

    def callbacks(self, call: Thing) -> list[Thing]:
        """Of a call that nobody took; nobody can look for its number, which may be the caller's."""
        found, rang = self.items("reception", "/v1/inquiries", kind="callback"), datetime.fromisoformat(call["started_at"])
        return [it for it in found if datetime.fromisoformat(it["received_at"]) == rang]

    def publish(self, source: str, type: str, data: Any, *, id: str | None = None) -> None:
        event = {"specversion": "1.0", "id": id or uuid4().hex, "source": source, "type": type, "time": now(), "data": data}
        done = self.terminal.careloop("publish", "-", given=json.dumps(event) + "\n")
        assert done.returncode == 0, done.stderr
