"""What `make run` says: addresses, and the two stories to paste."""

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
  stories     {system.url("mailbox")}/stories    what happened to a complaint, a visit, an inquiry, event by event
{services}
  kafka       {system.kafka}
  logs        {system.run / "logs"}
  addresses   {system.run / "addresses.json"}    (databases and probes too)
  command     {careloop()}

{played}; `make clean` forgets everything."""


def stories(system: System) -> str:
    """Both stories, to paste: a shipment that is delayed and told, and a complaint whose customer is not content."""
    run = now().strftime("%m%d%H%M%S")
    token = sign(system.run / "issuer", ["specialist"], subject="you")
    events = [event(number, source, type, subject, data, run) for number, (source, type, subject, data) in enumerate(STORY, 1)]
    complaints, calls = f"{system.url('complaints')}/v1/complaints", f"{system.url('followup')}/v1/calls"
    notices = f"sleep 2; ask GET '{system.url('followup')}/v1/notices?order_id=PO-{run}'"
    said = {
        "customer": {"system": "crm", "id": run}, "channel": "phone", "category": "delivery", "content": "Half of it is missing.", "order_id": f"PO-{run}",
    }  # fmt: skip
    return f"""
Paste this. First a customer, a shipment, a delay; the notices about it and the mail that left.

export TOKEN={token}
{asking()}
{careloop()} publish - <<'EVENTS'
{events[0]}
{events[1]}
EVENTS
{notices}
{careloop()} publish - <<'EVENTS'
{events[2]}
EVENTS
{notices}; ask GET {system.url("mailbox")}/messages.json

# Then their complaint: taken, judged, resolved; a call about it; they are not content, and it is open again.

ID=$(ask POST {complaints} '{json.dumps(said)}' | {first_id()})
ask POST {complaints}/$ID/judgement '{{"upheld": true, "reason": "The packing list says so too."}}'
ask POST {complaints}/$ID/resolution '{{"result": "The rest is on its way.", "compensation": null}}'
sleep 2; CALL=$(ask GET "{calls}?about=complaint:$ID" | {first_id()})
ask POST {calls}/$CALL/outcome '{{"satisfaction": "dissatisfied", "remarks": "It is still not here."}}'
sleep 2; ask GET {complaints}/$ID    # {system.url("mailbox")}/stories shows it event by event
"""


def asking() -> str:
    """A function for the shell, also on a machine without curl: `ask METHOD URL [JSON]` prints the answer."""
    if shutil.which("curl"):
        return """ask() { curl -s -X "$1" -H "Authorization: Bearer $TOKEN" -H 'Content-Type: application/json' -H 'If-Match: *' "$2" ${3:+-d "$3"}; echo; }"""
    program = (
        "import os, sys, urllib.request as u; method, url, *body = sys.argv[1:]; told = {'Authorization': 'Bearer ' + os.environ['TOKEN'], "
        "'Content-Type': 'application/json', 'If-Match': '*'}; "
        "print(u.urlopen(u.Request(url, body[0].encode() if body else None, told, method=method)).read().decode())"
    )
    return f'ask() {{ {shlex.quote(sys.executable)} -c {shlex.quote(program)} "$@"; }}'


def first_id() -> str:
    """A filter for the shell: the id of what was answered, or of the first of a register."""
    return r"""sed 's/^[^"]*\("items":\[{\)*"id":"\([^"]*\)".*/\2/'"""


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
