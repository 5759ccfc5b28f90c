"""What happens on the way from event to event: 99 % handled within 30 s, nothing unpublished for 2 minutes, nothing put aside unseen."""

from deploy.monitoring.alert import Alert, Example, Recording, Severity
from deploy.monitoring.alerts.words import UNLESS_STOPPED, unless_away, unless_skewed

BUDGET = 0.01
WINDOWS = "5m", "30m", "1h", "6h", "3d"
SERVICE = {"service": "complaints"}
PLACE = {"service": "complaints", "group": "complaints", "topic": "careloop.followup"}
AT = ",".join(f'{name}="{value}"' for name, value in PLACE.items())
BEHIND, SECONDS = f'careloop_consumer_lag_records{{{AT},partition="0"}}', f'careloop_consumer_lag_seconds{{{AT},partition="0"}}'
DEALT_WITH = f'careloop_consumer_records_total{{{AT},event_type="e",outcome="ok"}}'
CLOCK = 'careloop_clock_apart_seconds{service="complaints"}'
KAFKA_AWAY = {'careloop_dependency_up{service="complaints",dependency="kafka"}': "0x60"}
FAST, ALL = (
    f'careloop_event_end_to_end_seconds_{what}{{service="complaints",event_type="e"{le}}}'
    for what, le in (("bucket", ',le="30.0"'), ("count", ""))
)

RECORDINGS = [
    Recording(
        name=f"careloop:event_slow_ratio:rate{window}",
        asks=f"""1 - sum by (service) (rate(careloop_event_end_to_end_seconds_bucket{{le="30.0"}}[{window}]))
            / sum by (service) (rate(careloop_event_end_to_end_seconds_count[{window}]))""",
    )
    for window in WINDOWS
]


def burn(long: str, short: str, factor: float, lasts: str, severity: Severity, of_1000: int, at: str) -> Alert:
    return Alert(
        name="CareloopEventFreshnessBudgetBurn",
        severity=severity,
        labels={"window": long},
        asks=f"""(careloop:event_slow_ratio:rate{long} > {factor * BUDGET:g} and careloop:event_slow_ratio:rate{short} > {factor * BUDGET:g})
            and on (service) sum by (service) (increase(careloop_event_end_to_end_seconds_count[1h])) > 50
            {unless_away("either", short)} {unless_skewed(short)}""",
        lasts=lasts,
        says=f"So many events take {{{{ $labels.service }}}} longer than 30 s that its budget goes {factor:g} times as fast as it may.",
        fires=Example({ALL: "0+1000x400", FAST: f"0+{1000 - of_1000}x400"}, at, (SERVICE,)),
        silent=Example({ALL: "0+1000x400", FAST: f"0+{1000 - of_1000}x400", CLOCK: "0x2 -90x2 0x400"}, at),
    )


ALERTS = [
    burn("1h", "5m", 14.4, "2m", "page", 500, "6m"),
    burn("6h", "30m", 6, "15m", "page", 80, "20m"),
    burn("3d", "6h", 1, "3h", "ticket", 20, "4h"),
    Alert(
        name="CareloopConsumerLagGrowing",
        severity="page",
        asks=f"""(max by (service, group, topic) (careloop_consumer_lag_seconds) > {{120}}
            and on (service, group, topic) deriv(sum by (service, group, topic) (careloop_consumer_lag_records)[10m:1m]) > 0)
            {UNLESS_STOPPED} {unless_away("either")}""",
        lasts="10m",
        says="{{ $labels.service }} falls behind on {{ $labels.topic }}: what it reads now is older than two minutes, and more comes than it handles.",
        fires=Example({BEHIND: "0+10x60", SECONDS: "0+60x60", DEALT_WITH: "0+5x60"}, tells=(PLACE,)),
        silent=Example({BEHIND: "600-10x60", SECONDS: "600-10x60", DEALT_WITH: "0+5x60"}),
    ),
    Alert(
        name="CareloopConsumerStalled",
        severity="page",
        asks=f"""(sum by (service, group, topic) (careloop_consumer_lag_records) > 0
            unless on (service, group, topic) sum by (service, group, topic) (increase(careloop_consumer_records_total[10m])) > 0)
            {UNLESS_STOPPED} {unless_away("either")}""",
        lasts="10m",
        says="{{ $labels.service }} has records to read on {{ $labels.topic }} and handles none.",
        fires=Example({BEHIND: "3x60", SECONDS: "60x60", DEALT_WITH: "7x60"}, tells=(PLACE,)),
        silent=Example({BEHIND: "3x60", DEALT_WITH: "7x60", **KAFKA_AWAY}),
    ),
    Alert(
        name="CareloopConsumerGroupEmpty",
        severity="page",
        asks="""sum by (service, group) (careloop_consumer_assigned_partitions) == 0
            or (absent(careloop_consumer_assigned_partitions) and on () count(up{job=~"careloop-.+-worker"} == 1) > 0)""",
        lasts="10m",
        says="No worker of {{ $labels.service }} has any partition: nothing that is published is read.",
        fires=Example(
            {'careloop_consumer_assigned_partitions{service="complaints",group="complaints"}': "0x60"},
            tells=({"service": "complaints", "group": "complaints"},),
        ),
        silent=Example(
            {
                f'careloop_consumer_assigned_partitions{{service="complaints",group="complaints",instance="{it}"}}': f"{it}x60"
                for it in (0, 6)
            }
        ),
    ),
    Alert(
        name="CareloopConsumptionStopped",
        severity="page",
        asks="max by (service, topic) (careloop_consumption_stopped) == 1",
        lasts="2m",
        says="{{ $labels.service }} has stopped reading {{ $labels.topic }}, because most of it fails for a reason of ours or records are gone.",
        fires=Example(
            {'careloop_consumption_stopped{service="complaints",topic="careloop.orders"}': "1x60"},
            tells=({**SERVICE, "topic": "careloop.orders"},),
        ),
        silent=Example({'careloop_consumption_stopped{service="complaints",topic="careloop.orders"}': "1 _x60"}),
    ),
    Alert(
        name="CareloopOutboxStuck",
        severity="page",
        asks=f"max by (service) (careloop_outbox_oldest_age_seconds) > {{120}} {unless_away('either')}",
        lasts="5m",
        says="Events of {{ $labels.service }} have not left for more than two minutes.",
        fires=Example({'careloop_outbox_oldest_age_seconds{service="complaints"}': "0+60x60"}, tells=(SERVICE,)),
        silent=Example({'careloop_outbox_oldest_age_seconds{service="complaints"}': "0+60x60", **KAFKA_AWAY}),
    ),
    Alert(
        name="CareloopParked",
        severity="ticket",
        asks="max by (service, topic) (careloop_parked_open) > 0",
        lasts="1m",
        says="Records of {{ $labels.topic }} that {{ $labels.service }} could not handle wait for somebody.",
        fires=Example(
            {'careloop_parked_open{service="complaints",topic="careloop.orders"}': "2x60"},
            tells=({**SERVICE, "topic": "careloop.orders"},),
        ),
        silent=Example({'careloop_parked_open{service="complaints",topic="careloop.orders"}': "0x60"}),
    ),
    Alert(
        name="CareloopParkedFlood",
        severity="page",
        asks=f"""(sum by (service, topic) (rate(careloop_parked_total[5m]))
            / sum by (service, topic) (rate(careloop_consumer_records_total[5m])) > 0.05) {UNLESS_STOPPED}""",
        lasts="5m",
        says="More than one record in twenty of {{ $labels.topic }} is put aside by {{ $labels.service }}.",
        fires=Example(
            {f'careloop_parked_total{{service="complaints",topic="{PLACE["topic"]}",reason="invalid"}}': "0+20x60", DEALT_WITH: "0+100x60"},
            tells=({**SERVICE, "topic": PLACE["topic"]},),
        ),
        silent=Example(
            {f'careloop_parked_total{{service="complaints",topic="{PLACE["topic"]}",reason="invalid"}}': "0+2x60", DEALT_WITH: "0+100x60"}
        ),
    ),
]
