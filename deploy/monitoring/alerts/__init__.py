"""Every alert, by what it is about."""

from deploy.monitoring.alert import Alert, Recording
from deploy.monitoring.alerts import api, care, events, system

GROUPS: dict[str, tuple[list[Recording], list[Alert]]] = {
    "api": (api.RECORDINGS, api.ALERTS),
    "events": (events.RECORDINGS, events.ALERTS),
    "system": ([], system.ALERTS),
    "care": ([], care.ALERTS),
}
ALERTS = [alert for _, alerts in GROUPS.values() for alert in alerts]
