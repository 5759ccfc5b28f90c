"""What Careloop stands on, and its processes themselves."""

from deploy.monitoring.alert import Alert, Example, Severity
from deploy.monitoring.alerts.words import unless_away

SERVICE = {"service": "complaints"}
PROCESS = {"service": "complaints", "instance": "a"}
CLOCKS: tuple[tuple[Severity, str, str, float], ...] = (("page", "> 30", "30", 90), ("ticket", "> 2 <= 30", "2", 9))
DISKS: tuple[tuple[Severity, str, str, str, float], ...] = (
    ("page", "< 0.05", "5", "5m", 0.02),
    ("ticket", "< 0.15 >= 0.05", "15", "30m", 0.1),
)
UP = 'careloop_dependency_up{service="complaints",dependency="kafka"}'


def of_process(metric: str, **more: str) -> str:
    labels = ",".join(f'{name}="{value}"' for name, value in (PROCESS | more).items())
    return f"{metric}{{{labels}}}"


ALERTS = [
    Alert(
        name="CareloopDependencyDown",
        severity="page",
        asks='min by (service, dependency) (careloop_dependency_up{dependency=~"postgres|kafka"}) == 0',
        lasts="3m",
        says="{{ $labels.service }} can't reach {{ $labels.dependency }}.",
        fires=Example({UP: "1x5 0x60"}, "12m", ({**SERVICE, "dependency": "kafka"},)),
        silent=Example({UP: "1x5 0x1 1x60"}, "12m"),
    ),
    Alert(
        name="CareloopDependencyFlapping",
        severity="page",
        asks='max by (service, dependency) (changes(careloop_dependency_up{dependency=~"postgres|kafka"}[30m])) > 6',
        lasts="5m",
        says="{{ $labels.dependency }} comes and goes for {{ $labels.service }}.",
        fires=Example({UP: "1 1 0 " * 30}, tells=({**SERVICE, "dependency": "kafka"},)),
        silent=Example({UP: "1x10 0x5 1x60"}),
    ),
    Alert(
        name="CareloopIdentityProviderDown",
        severity="ticket",
        asks='min by (service, dependency) (careloop_dependency_up{dependency=~"idp.*"}) == 0',
        lasts="30m",
        says="{{ $labels.service }} can't fetch the keys of {{ $labels.dependency }}; those that it has serve for a day.",
        fires=Example({'careloop_dependency_up{service="complaints",dependency="idp"}': "0x90"}, "1h", ({**SERVICE, "dependency": "idp"},)),
        silent=Example({'careloop_dependency_up{service="complaints",dependency="idp"}': "0x20 1x90"}, "1h"),
    ),
    Alert(
        name="CareloopDbPoolExhausted",
        severity="ticket",
        asks="max by (service, pod, instance) (careloop_db_pool_in_use / careloop_db_pool_size) > 0.95",
        lasts="5m",
        says="A process of {{ $labels.service }} ({{ $labels.instance }}) has all its connections to the database in use.",
        fires=Example({of_process("careloop_db_pool_in_use"): "10x60", of_process("careloop_db_pool_size"): "10x60"}, tells=(PROCESS,)),
        silent=Example({of_process("careloop_db_pool_in_use"): "9x60", of_process("careloop_db_pool_size"): "10x60"}),
    ),
    Alert(
        name="CareloopEventLoopSlow",
        severity="ticket",
        asks="""histogram_quantile(0.9, sum by (service, pod, instance, le) (rate(careloop_event_loop_lag_seconds_bucket[10m]))) > 0.5""",
        lasts="15m",
        says="A process of {{ $labels.service }} ({{ $labels.instance }}) lets everything wait for more than half a second, again and again.",
        fires=Example(
            {
                of_process("careloop_event_loop_lag_seconds_bucket", le="0.5"): "0+50x60",
                of_process("careloop_event_loop_lag_seconds_bucket", le="2.5"): "0+100x60",
                of_process("careloop_event_loop_lag_seconds_bucket", le="+Inf"): "0+100x60",
            },
            tells=(PROCESS,),
        ),
        silent=Example(
            {
                of_process("careloop_event_loop_lag_seconds_bucket", le="0.5"): "0+99x60",
                of_process("careloop_event_loop_lag_seconds_bucket", le="+Inf"): "0+100x60",
            }
        ),
    ),
    Alert(
        name="CareloopProcessWedged",
        severity="page",
        asks="min by (service, pod, instance) (careloop_alive) == 0",
        lasts="3m",
        says="A process of {{ $labels.service }} ({{ $labels.instance }}) does not turn any more, and nobody has started it again.",
        fires=Example({of_process("careloop_alive"): "1x5 0x60"}, "15m", (PROCESS,)),
        silent=Example({of_process("careloop_alive"): "1x5 0 0 1x60"}, "15m"),
    ),
    Alert(
        name="CareloopRestarting",
        severity="page",
        asks='changes(process_start_time_seconds{job=~"careloop-.+"}[30m]) > 3',
        lasts="0m",
        says="{{ $labels.job }} ({{ $labels.instance }}) has ended and begun again more than three times in half an hour.",
        fires=Example(
            {'process_start_time_seconds{job="careloop-complaints-api",instance="a"}': "0+300x60"},
            tells=({"job": "careloop-complaints-api", "instance": "a"},),
        ),
        silent=Example({'process_start_time_seconds{job="careloop-complaints-api",instance="a"}': "0x10 300x10 600x60"}),
    ),
    Alert(
        name="CareloopNotReady",
        severity="page",
        asks=f"(max by (service, job) (careloop_ready) == 0) {unless_away('either')}",
        lasts="10m",
        says="No process of {{ $labels.job }} is ready.",
        fires=Example(
            {f'careloop_ready{{service="complaints",job="careloop-complaints-api",instance="{it}"}}': "0x60" for it in "ab"},
            tells=({"service": "complaints", "job": "careloop-complaints-api"},),
        ),
        silent=Example(
            {f'careloop_ready{{service="complaints",job="careloop-complaints-api",instance="{it}"}}': f"{it}x60" for it in "01"}
        ),
    ),
    Alert(
        name="CareloopTargetDown",
        severity="page",
        asks='up{job=~"careloop-.+"} == 0',
        lasts="5m",
        says="{{ $labels.job }} ({{ $labels.instance }}) does not answer.",
        fires=Example(
            {'up{job="careloop-complaints-worker",instance="a"}': "1x5 0x60"},
            tells=({"job": "careloop-complaints-worker", "instance": "a"},),
        ),
        silent=Example({'up{job="careloop-complaints-worker",instance="a"}': "1x5 0x3 1x60", 'up{job="other"}': "0x60"}),
    ),
    Alert(
        name="CareloopNoTargets",
        severity="page",
        asks='absent(up{job=~"careloop-.+"})',
        lasts="10m",
        says="Nobody is watched: Prometheus knows no process of Careloop.",
        fires=Example({'up{job="other"}': "1x60"}, tells=({},)),
        silent=Example({'up{job="careloop-complaints-api"}': "0x60"}),
    ),
    Alert(
        name="CareloopSchemaMismatch",
        severity="ticket",
        asks="count by (service) (count by (service, revision) (careloop_schema_info)) > 1",
        lasts="30m",
        says="Processes of {{ $labels.service }} have found different revisions of one database.",
        fires=Example(
            {f'careloop_schema_info{{service="complaints",revision="{it}"}}': "1x90" for it in ("0012", "0013")}, "1h", (SERVICE,)
        ),
        silent=Example({f'careloop_schema_info{{service="complaints",revision="0013",instance="{it}"}}': "1x90" for it in "ab"}, "1h"),
    ),
    Alert(
        name="CareloopVersionSkew",
        severity="ticket",
        asks="count by (service) (count by (service, version) (careloop_build_info)) > 1",
        lasts="1h",
        says="{{ $labels.service }} has run in two versions for an hour: a roll-out stands still.",
        fires=Example({f'careloop_build_info{{service="complaints",version="{it}"}}': "1x180" for it in ("1.0", "1.1")}, "2h", (SERVICE,)),
        silent=Example(
            {
                'careloop_build_info{service="complaints",version="1.0"}': "1x30",
                'careloop_build_info{service="complaints",version="1.1"}': "1x180",
            },
            "2h",
        ),
    ),
    Alert(
        name="CareloopCertificateExpiresSoon",
        severity="ticket",
        asks="min by (service, purpose) (careloop_certificate_not_after_timestamp_seconds) - time() < 7 * 86400",
        lasts="1h",
        says="The certificate that {{ $labels.service }} uses for {{ $labels.purpose }} ends within a week.",
        fires=Example(
            {'careloop_certificate_not_after_timestamp_seconds{service="complaints",purpose="kafka_ca"}': "500000x180"},
            "2h",
            ({**SERVICE, "purpose": "kafka_ca"},),
        ),
        silent=Example({'careloop_certificate_not_after_timestamp_seconds{service="complaints",purpose="kafka_ca"}': "5000000x180"}, "2h"),
    ),
    *(
        Alert(
            name="CareloopClockSkewed",
            severity=severity,
            asks=f"max by (service, pod, instance) (abs(careloop_clock_apart_seconds)) {between}",
            lasts="5m",
            says="The clock of a process of {{ $labels.service }} ({{ $labels.instance }}) and PostgreSQL's differ by more than "
            + limit
            + " s.",
            fires=Example({of_process("careloop_clock_apart_seconds"): f"-{example}x60"}, tells=(PROCESS,)),
            silent=Example({of_process("careloop_clock_apart_seconds"): "1x60"}),
        )
        for severity, between, limit, example in CLOCKS
    ),
    *(
        Alert(
            name="CareloopDiskNearlyFull",
            severity=severity,
            asks=f"min by (service, pod, instance, place) (careloop_disk_free_ratio) {between}",
            lasts=lasts,
            says="Of the disk that a process of {{ $labels.service }} ({{ $labels.instance }}) writes to less than "
            + limit
            + " % is free.",
            fires=Example({of_process("careloop_disk_free_ratio", place="tmp"): f"{example}x90"}, "1h", ({**PROCESS, "place": "tmp"},)),
            silent=Example({of_process("careloop_disk_free_ratio", place="tmp"): "0.4x90"}, "1h"),
        )
        for severity, between, limit, lasts, example in DISKS
    ),
]
