"""Who may do what: the one table. Nothing is allowed that does not stand here; a route names its permission and nothing else."""

from typing import Final

ROLES: Final = frozenset(
    ("specialist", "supervisor", "leader", "department", "reception", "integration", "auditor", "privacy_officer", "admin", "viewer")
)

DESK = frozenset(("specialist", "supervisor", "leader", "department", "reception"))
HANDLERS = frozenset(("specialist", "supervisor", "leader"))
READERS = DESK | {"auditor", "admin", "viewer"}

PERMISSIONS: Final[dict[str, frozenset[str]]] = {
    "customers.read": READERS | {"integration", "privacy_officer"},
    "customers.declare": frozenset(("specialist", "integration", "admin")),
    "orders.read": READERS | {"integration"},
    "notices.read": READERS | {"integration"},
    "complaints.read": READERS | {"integration"},
    "complaints.take": DESK | {"integration"},
    "complaints.handle": HANDLERS,
    "calls.read": READERS | {"integration"},
    "calls.make": HANDLERS,
    "surveys.read": READERS | {"integration"},
    "visits.read": READERS | {"integration"},
    "visits.apply": DESK,
    "visits.receive": HANDLERS | {"reception"},
    "inquiries.read": READERS | {"integration"},
    "inquiries.handle": DESK,
    "tasks.read": READERS,
    "tasks.do": HANDLERS,
    "deadlines.read": READERS | {"integration"},
    "profiles.read": READERS | {"integration"},
    "profiles.preview": frozenset(("supervisor", "leader", "admin")),
    "events.read": READERS | {"integration"},
    "parked.read": frozenset(("supervisor", "auditor", "admin")),
    "parked.act": frozenset(("admin",)),
}


def may(roles: frozenset[str], permission: str) -> bool:
    return not roles.isdisjoint(PERMISSIONS[permission])
