"""Clients of the four services, made of their documents by a stranger's tool, and both stories told with nothing else."""

import json
import subprocess
import sys
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any

from tests.journeys.desk import Desk, until
from tests.makers import about, moment, shipped

GENERATE = [str(Path(sys.executable).parent / "openapi-python-client"), "generate", "--meta", "none", "--fail-on-warning"]
SERVICES = "customers", "complaints", "followup", "reception"


class Clients:
    """One package a service, in a folder of their own."""

    def __init__(self, folder: Path, desk: Desk) -> None:
        self.desk, self.folder = desk, folder
        config = folder / "config.yml"
        config.write_text("post_hooks: []\n")
        self.packages, self.at_hand = {}, dict[tuple[str, str], Any]()
        making = {}
        for service in SERVICES:
            (folder / f"{service}.json").write_text(desk.clients["admin"].get(f"{desk.addresses[service]}/openapi.json").text)
            told = ["--path", str(folder / f"{service}.json"), "--config", str(config), "--output-path", str(folder / f"{service}_client")]
            making[service] = subprocess.Popen([*GENERATE, *told], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        for service, process in making.items():
            said, _ = process.communicate(timeout=120)
            assert process.returncode == 0 and "WARNING" not in said, said
            self.packages[service] = f"{service}_client"
            document = json.loads((folder / f"{service}.json").read_text())
            operations = {it["operationId"] for path in document["paths"].values() for it in path.values()}
            made = {it.stem for it in (folder / f"{service}_client" / "api").glob("*/*.py")}
            assert operations <= made, f"{service} has no {operations - made}"

    def models(self, service: str) -> ModuleType:
        return import_module(f"{self.packages[service]}.models")

    def ask(self, service: str, operation: str, *ids: Any, role: str = "specialist", **told: Any) -> Any:
        """By the function that the client has for it; what it gives back is a thing of a class of its own."""
        (found,) = (self.folder / self.packages[service] / "api").glob(f"*/{operation}.py")
        function: Callable[..., Any] = import_module(f"{self.packages[service]}.api.{found.parent.name}.{operation}").sync
        answer = function(*ids, client=self.client(service, role), **told)
        assert type(answer).__name__ != "Problem", f"{operation}: {answer}"
        return answer

    def client(self, service: str, role: str) -> Any:
        if (service, role) not in self.at_hand:
            token = self.desk.clients[role].headers["authorization"].removeprefix("Bearer ")
            made = import_module(self.packages[service]).AuthenticatedClient
            self.at_hand[service, role] = made(base_url=self.desk.addresses[service], token=token, httpx_args={"trust_env": False})
        return self.at_hand[service, role]

    def close(self) -> None:
        for it in self.at_hand.values():
            it.get_httpx_client().close()


def a_complaint_is_closed(clients: Clients, system: str, id: str) -> None:
    """CMPL-01, CMPL-05, CMPL-06, CMPL-13: taken, judged, resolved; the customer is not content, and it is open again; then they are, and it is closed."""
    said = clients.models("complaints")
    body = said.NewComplaint(
        customer=said.Reference(system=system, id=id), channel="phone", category="delivery", content="The coil came bent.", order_id="PO-7"
    )
    it = clients.ask("complaints", "take_complaint", body=body)
    steps = [
        ("acknowledge_complaint", said.Acknowledgement(told="We look into it.")),
        ("judge_complaint", said.Judgement(upheld=True, reason="The strap was loose.")),
        ("resolve_complaint", said.Resolution(result="A new coil is on its way.")),
    ]
    for step, what in steps:
        it = clients.ask("complaints", step, it.id, body=what, if_match=f'"{it.version}"')
    assert it.state.value == "resolved" and it.upheld is True
    answer(clients, it.id, 1, "DISSATISFIED", 1)
    it = until(lambda: stands(clients, it.id, "investigating"))
    assert it.round_ == 2
    clients.ask("complaints", "resolve_complaint", it.id, body=steps[-1][1], if_match=f'"{it.version}"')
    answer(clients, it.id, 2, "SATISFIED", 5)
    assert until(lambda: stands(clients, it.id, "closed")).closed_as.value == "accepted"


def answer(clients: Clients, complaint: Any, round: int, how: str, score: int) -> None:
    """The customer is called about what was told in this round."""

    def calls() -> list[Any]:
        return [it for it in clients.ask("followup", "list_calls", about=[f"complaint:{complaint}"]).items if it.round_ == round]

    (call,) = until(calls)
    said = clients.models("followup")
    body = said.Answered(satisfaction=said.Satisfaction[how], score=score)
    assert clients.ask("followup", "answer_call", call.id, body=body, if_match=f'"{call.version}"').state.value == "done"


def stands(clients: Clients, complaint: Any, state: str) -> Any:
    now = clients.ask("complaints", "show_complaint", complaint)
    return now if now.state.value == state else None


def a_shipment_is_told(clients: Clients, system: str, id: str) -> None:
    """NOTC: an order is shipped, and then late; the notices of both stand in the register."""
    order = f"PO-{id}"
    clients.desk.publish("/erp", "order.shipped.v1", shipped(order_id=order, reference=f"{system}/{id}"))
    (notice,) = until(lambda: clients.ask("followup", "list_notices", order_id=[order]).items)
    assert (notice.order_id, notice.kind.value) == (order, "shipped")
    assert clients.ask("followup", "show_notice", notice.id).id == notice.id
    late = about(order, f"{system}/{id}", shipment_id="S-1", detected_at=moment(48), reason="weather")
    clients.desk.publish("/erp", "shipment.delayed.v1", late)
    until(lambda: {"delayed"} & {it.kind.value for it in clients.ask("followup", "list_notices", order_id=[order]).items})
