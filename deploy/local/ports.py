"""Which port everything listens on: that of the last run, otherwise the usual one, otherwise a free one."""

import json
from pathlib import Path

from deploy.local.databases import SERVICES
from deploy.local.kafka import USUAL_PORT as KAFKA
from deploy.local.leash import a_port
from deploy.local.place import read_json, write_private
from deploy.local.postgres import USUAL_PORT as POSTGRES

USUAL = {
    "postgres": POSTGRES,
    "kafka": KAFKA,
    "issuer": 18080,
    "mailbox": 18025,
    "smtp": 18026,
    **{name: 18001 + number for number, name in enumerate(SERVICES)},
    **{f"{name}-{role}": 18101 + 2 * number + nth for number, name in enumerate(SERVICES) for nth, role in enumerate(("api", "worker"))},
}


def choose(file: Path) -> dict[str, int]:
    """A port for each, no two alike; remembered in `file`, so that bookmarks hold."""
    last = read_json(file)
    chosen: dict[str, int] = {}
    for name, usual in USUAL.items():
        port = a_port(last.get(name, usual))
        while port in chosen.values():
            port = a_port()
        chosen[name] = port
    write_private(file, json.dumps(chosen, indent=2))
    return chosen
