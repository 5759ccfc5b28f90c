"""What customers and staff would notice first: deadlines, notices, erasures, exports."""

from deploy.monitoring.alert import Alert, Example
from deploy.monitoring.alerts.words import unless_away

FOLLOWUP = {"service": "followup"}
SMS = {"service": "followup", "provider": "sms"}
BREAKER = 'careloop_provider_breaker_open{service="followup",provider="sms"}'
LETTERS = "notice|staff_notice"  # they wait for a provider


def sms(outcome: str) -> str:
    return f'careloop_provider_requests_total{{service="followup",provider="sms",outcome="{outcome}"}}'


ALERTS = [
    Alert(
        name="CareloopTimersOverdue",
        severity="page",
        asks=f"""(max by (service, kind) (careloop_timers_overdue{{kind!~"{LETTERS}"}}) > 0
            or (max by (service, kind) (careloop_timers_overdue{{kind=~"{LETTERS}"}}) > 0
                unless on (service) max by (service) (careloop_provider_breaker_open) == 1))
            {unless_away("postgres")}""",
        lasts="10m",
        says="What was due in {{ $labels.service }} ({{ $labels.kind }}) does not happen.",
        fires=Example({'careloop_timers_overdue{service="followup",kind="milestone"}': "4x60"}, tells=({**FOLLOWUP, "kind": "milestone"},)),
        silent=Example(
            {
                'careloop_timers_overdue{service="followup",kind="milestone"}': "0x60",
                'careloop_timers_overdue{service="followup",kind="notice"}': "4x60",
                BREAKER: "1x60",
            }
        ),
    ),
    Alert(
        name="CareloopProviderDown",
        severity="page",
        asks="max by (service, provider) (careloop_provider_breaker_open) == 1",
        lasts="10m",
        says="{{ $labels.provider }} does not answer; what should leave by it waits.",
        fires=Example({BREAKER: "0x5 1x60"}, tells=(SMS,)),
        silent=Example({BREAKER: "1x8 0x60"}),
    ),
    Alert(
        name="CareloopProviderFailing",
        severity="ticket",
        asks="""(sum by (service, provider) (rate(careloop_provider_requests_total{outcome!="taken"}[15m]))
            / sum by (service, provider) (rate(careloop_provider_requests_total[15m])) > 0.1)
            unless on (service, provider) max by (service, provider) (careloop_provider_breaker_open) == 1""",
        lasts="15m",
        says="{{ $labels.provider }} does not take more than one message in ten.",
        fires=Example({sms("taken"): "0+8x90", sms("refused"): "0+2x90", BREAKER: "0x90"}, "1h", (SMS,)),
        silent=Example({sms("taken"): "0+99x90", sms("refused"): "0+1x90", BREAKER: "0x90"}, "1h"),
    ),
    Alert(
        name="CareloopComplaintSlaBreaches",
        severity="ticket",
        asks="sum by (service, severity_level) (increase(careloop_complaint_sla_breaches_total[1h])) > 5",
        lasts="0m",
        says="More than five deadlines of {{ $labels.service }} ({{ $labels.severity_level }}) were missed within an hour.",
        fires=Example(
            {'careloop_complaint_sla_breaches_total{service="complaints",severity_level="major",milestone="result"}': "0+1x90"},
            "1h",
            ({"service": "complaints", "severity_level": "major"},),
        ),
        silent=Example(
            {'careloop_complaint_sla_breaches_total{service="complaints",severity_level="major",milestone="result"}': "0x50 1x90"}, "1h"
        ),
    ),
    Alert(
        name="CareloopDeadlinesProvisional",
        severity="ticket",
        asks="max by (service) (careloop_deadlines_provisional) > 0",
        lasts="1d",
        says="Deadlines of {{ $labels.service }} stand on days whose holidays this build does not know yet.",
        fires=Example({'careloop_deadlines_provisional{service="complaints"}': "3x1600"}, "25h", ({"service": "complaints"},)),
        silent=Example({'careloop_deadlines_provisional{service="complaints"}': "0x1600"}, "25h"),
    ),
    Alert(
        name="CareloopErasureOverdue",
        severity="ticket",
        asks="max by (service) (careloop_erasure_oldest_open_age_seconds) > {1728000}",
        lasts="1h",
        says="An erasure has been under way for 20 days; the law gives a month.",
        fires=Example({'careloop_erasure_oldest_open_age_seconds{service="customers"}': "1800000x180"}, "2h", ({"service": "customers"},)),
        silent=Example({'careloop_erasure_oldest_open_age_seconds{service="customers"}': "1600000x180"}, "2h"),
    ),
    Alert(
        name="CareloopExportsStuck",
        severity="ticket",
        asks="max by (service) (careloop_exports_oldest_queued_age_seconds) > {900}",
        lasts="5m",
        says="A register that somebody asked {{ $labels.service }} for as a file has not been begun for a quarter of an hour.",
        fires=Example({'careloop_exports_oldest_queued_age_seconds{service="complaints"}': "0+60x60"}, tells=({"service": "complaints"},)),
        silent=Example({'careloop_exports_oldest_queued_age_seconds{service="complaints"}': "30x60"}),
    ),
]
