"""What `make run` says: addresses, and a story to paste."""

import contextlib
import json
import shlex
import shutil
import sys
from collections.abc import Mapping
from pathlib import Path

from deploy.local.databases import SERVICES
from deploy.local.issuer import sign
from deploy.local.samples import filled
from deploy.local.system import System
from shared.clock import now

STORY = (
    (
        "/crm",
        "customer.declared.v1",
        "crm/{run}",
        {
            "customer": {"system": "crm", "id": "{run}"},
            "kind": "person",
            "display_name": "陈静",
            "emails": ["chen.jing@example.com"],
            "preferred_channel": "email",
        },
    ),
    (
        "/logistics",
        "order.shipped.v1",
        "PO-{run}",
        {
            "customer": {"system": "crm", "id": "{run}"},
            "order_id": "PO-{run}",
            "shipment_id": "S-{run}",
            "shipped_at": "{now}",
            "carrier": {"code": "sf", "name": "顺丰速运"},
            "tracking_number": "SF{run}",
            "expected_arrival_until": "{today+2d}",
        },
    ),
    (
        "/logistics",
        "shipment.delayed.v1",
        "PO-{run}",
        {
            "customer": {"system": "crm", "id": "{run}"},
            "order_id": "PO-{run}",
            "shipment_id": "S-{run}",
            "detected_at": "{now}",
            "reason": "weather",
            "expected_arrival_until": "{today+5d}",
        },
    ),
)


def say(line: str) -> None:
    """Also when nobody can read it any more."""
    with contextlib.suppress(OSError, ValueError):
        sys.stdout.write(f"{line}\n")
        sys.stdout.flush()


def careloop() -> str:
    """The full path of the command, fit for a shell."""
    return shlex.quote(str(Path(sys.executable).parent / "careloop"))


def page(system: System, first: bool) -> str:
    played = "The sample events have been played" if first else "The sample events were played at the first start and are not played again"
    services = "\n".join(f"  {name:<11} {system.url(name)}/docs" for name in SERVICES)
    return f"""
  mailbox     {system.url("mailbox")}    what customers received, and what waits and why
{services}
  kafka       {system.kafka}
  logs        {system.run / "logs"}
  addresses   {system.run / "addresses.json"}    (databases and probes too)
  command     {careloop()}

{played}; `make clean` forgets everything."""


def story(system: System) -> str:
    """A shipment that is delayed, to paste: declared, shipped, told."""
    run = now().strftime("%m%d%H%M%S")
    token = sign(system.run / "issuer", ["specialist"], subject="you")
    mailbox, notices = f"{system.url('mailbox')}/messages.json", f"{system.url('followup')}/v1/notices?order_id=PO-{run}"
    events = [event(number, source, type, subject, data, run) for number, (source, type, subject, data) in enumerate(STORY, 1)]
    return f"""
Paste this: a customer, a shipment, a delay; then the notices about it and the mail that left.

export TOKEN={token}
{careloop()} publish - <<'EVENTS'
{events[0]}
{events[1]}
EVENTS
sleep 2; {get(notices, token=True)}; echo
{careloop()} publish - <<'EVENTS'
{events[2]}
EVENTS
sleep 2; {get(notices, token=True)}; echo
{get(mailbox)}; echo
"""


def get(url: str, *, token: bool = False) -> str:
    """A line for the shell that prints what is there, also on a machine without curl."""
    if shutil.which("curl"):
        return f"""curl -s {'-H "Authorization: Bearer $TOKEN" ' if token else ""}'{url}'"""
    headers = '{"Authorization": "Bearer " + os.environ["TOKEN"]}' if token else "{}"
    program = f'import os, urllib.request as u; print(u.urlopen(u.Request("{url}", headers={headers})).read().decode())'
    return f"{shlex.quote(sys.executable)} -c {shlex.quote(program)}"


def event(number: int, source: str, type: str, subject: str, data: Mapping[str, object], run: str) -> str:
    whole = {
        "specversion": "1.0",
        "id": f"story-{run}-{number}",
        "source": source,
        "type": type,
        "time": "{now}",
        "subject": subject,
        "data": data,
    }
    return filled(now(), json.dumps(whole, ensure_ascii=False).replace("{run}", run))
