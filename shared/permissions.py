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
    "customers.unmask": DESK | {"privacy_officer"},
    "orders.read": READERS | {"integration"},
    "staff.read": READERS | {"integration", "privacy_officer"},
    "consents.read": READERS | {"integration", "privacy_officer"},
    "consents.record": HANDLERS | {"reception", "integration", "privacy_officer"},
    "disclosures.read": frozenset(("leader", "auditor", "privacy_officer")),
    "disclosures.make": frozenset(("leader", "privacy_officer")),
    "erasures.read": frozenset(("auditor", "privacy_officer")),
    "erasures.request": HANDLERS | {"privacy_officer"},
    "erasures.approve": frozenset(("privacy_officer",)),
    "notices.read": READERS | {"integration"},
    "complaints.read": READERS | {"integration"},
    "complaints.take": DESK | {"integration"},
    "complaints.handle": HANDLERS,
    "complaints.unmask": HANDLERS | {"department", "privacy_officer"},
    "calls.read": READERS | {"integration"},
    "calls.make": HANDLERS,
    "calls.assign": frozenset(("supervisor", "leader")),
    "calls.unmask": HANDLERS | {"privacy_officer"},
    "surveys.read": READERS | {"integration"},
    "visits.read": READERS | {"integration"},
    "visits.apply": DESK,
    "visits.receive": HANDLERS | {"reception"},
    "visits.unmask": HANDLERS | {"reception", "privacy_officer"},
    "inquiries.read": READERS | {"integration"},
    "inquiries.handle": DESK,
    "inquiries.unmask": DESK | {"privacy_officer"},
    "tasks.read": READERS | {"privacy_officer"},
    "tasks.do": DESK | {"privacy_officer"},
    "tasks.assign": frozenset(("supervisor", "leader")),
    "deadlines.read": READERS | {"integration"},
    "profiles.read": READERS | {"integration"},
    "profiles.preview": frozenset(("supervisor", "leader", "admin")),
    "events.read": READERS | {"integration"},
    "parked.read": frozenset(("supervisor", "auditor", "admin")),
    "parked.act": frozenset(("admin",)),
    "audit.read": frozenset(("auditor", "privacy_officer")),
    "exports.read": READERS | {"integration", "privacy_officer"},
    "exports.make": READERS | {"integration", "privacy_officer"},  # of a register that they may read
    "imports.read": frozenset(("supervisor", "leader", "integration", "auditor", "admin")),
    "imports.make": frozenset(("supervisor", "leader", "integration", "admin")),
    "statistics.read": READERS | {"integration"},
}


def may(roles: frozenset[str], permission: str) -> bool:
    return not roles.isdisjoint(PERMISSIONS[permission])
