"""The doors of the services as they are built, and who may go through them in the words of the regulations."""

import tomllib
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path

SERVICES = "customers", "complaints", "followup", "reception"
TOLD = tomllib.loads((Path(__file__).parent / "who_may.toml").read_text(encoding="utf-8"))
ROLES: dict[str, str] = TOLD["roles"]


@dataclass(frozen=True, order=True)
class Door:
    service: str
    method: str
    path: str

    def __str__(self) -> str:
        return f"{self.service} {self.method} {self.path}"

    @property
    def of_one(self) -> bool:
        """Is it about one object, so that another unit must not find it? What is the whole company's is no unit's."""
        return any(name in self.path for name in OBJECTS)


OBJECTS = (
    "{customer_id}", "{system}", "{order_id", "{consent_id}", "{erasure_id}", "{disclosure_id}", "{staff_id", "{complaint_id}", "{call_id}", "{notice_id}", "{staff_notice_id}",
    "{visit_id}", "{inquiry_id}", "{task_id}", "{import_id}",
)  # fmt: skip


def doors(service: str) -> Iterator[Door]:
    """Those that there are."""
    for router in import_module(f"services.{service}.app").service.routers():
        for route in router.routes:
            for method in route.methods or ():
                yield Door(service, method, route.path)


def people(names: Collection[str]) -> frozenset[str]:
    """Roles behind the words; a group stands for its members."""
    found: set[str] = set()
    for name in names:
        found |= people(TOLD["groups"][name]) if name in TOLD["groups"] else {ROLES[name]}
    return frozenset(found)


def expected() -> dict[Door, frozenset[str]]:
    """By door, who may go through it."""
    told: dict[Door, frozenset[str]] = {}
    for entry in TOLD["may"]:
        for line in entry["doors"]:
            where, method, path = line.split(" ", 2)
            for service in SERVICES if where == "every" else (where,):
                door = Door(service, method, path)
                assert door not in told, f"{door} stands in two entries"
                told[door] = people(entry["who"])
    return told
