"""What callers notice: the error budget of the API (99.9 % in 30 days), its answers' time, callers who are turned away."""

from deploy.monitoring.alert import Alert, Example, Recording, Severity
from deploy.monitoring.alerts.words import unless_away

BUDGET = 0.001
WINDOWS = "5m", "30m", "1h", "2h", "6h", "1d", "3d"
RECORDINGS = [
    Recording(
        name=f"careloop:api_error_ratio:rate{window}",
        asks=f"""sum by (service) (rate(careloop_http_requests_total{{code=~"5.."}}[{window}]))
            / sum by (service) (rate(careloop_http_requests_total[{window}]))""",
    )
    for window in WINDOWS
]
ANSWERED, FAILED = (
    'careloop_http_requests_total{service="complaints",code="200"}',
    'careloop_http_requests_total{service="complaints",code="500"}',
)
AWAY = 'careloop_dependency_up{service="complaints",dependency="postgres"}'
SERVICE = {"service": "complaints"}


def burn(long: str, short: str, factor: float, lasts: str, severity: Severity, of_1000: int, at: str) -> Alert:
    """The budget goes `factor` times as fast as it may: long enough to matter, and still. `of_1000` failed requests, that is told by `at`."""
    return Alert(
        name="CareloopApiErrorBudgetBurn",
        severity=severity,
        labels={"window": long},
        asks=f"""(careloop:api_error_ratio:rate{long} > {factor * BUDGET:g} and careloop:api_error_ratio:rate{short} > {factor * BUDGET:g})
            and on (service) sum by (service) (increase(careloop_http_requests_total[1h])) > 50
            {unless_away("postgres", short)}""",
        lasts=lasts,
        says=f"{{{{ $labels.service }}}} answers so many requests with errors that its budget goes {factor:g} times as fast as it may.",
        fires=Example({ANSWERED: f"0+{1000 - of_1000}x400", FAILED: f"0+{of_1000}x400"}, at, (SERVICE,)),
        silent=Example({ANSWERED: f"0+{1000 - of_1000}x400", FAILED: f"0+{of_1000}x400", AWAY: "1x2 0x2 1x400"}, at),
    )


ALERTS = [
    burn("1h", "5m", 14.4, "2m", "page", 200, "6m"),
    burn("6h", "30m", 6, "15m", "page", 8, "20m"),
    burn("1d", "2h", 3, "1h", "ticket", 4, "2h"),
    burn("3d", "6h", 1, "3h", "ticket", 2, "4h"),
    Alert(
        name="CareloopApiSlow",
        severity="ticket",
        asks="""histogram_quantile(0.99, sum by (service, le) (rate(careloop_http_request_duration_seconds_bucket{method="GET"}[1h]))) > 0.3
            and on (service) sum by (service) (increase(careloop_http_requests_total[1h])) > 50""",
        lasts="30m",
        says="One in a hundred reads of {{ $labels.service }} takes longer than 300 ms.",
        fires=Example(
            {
                'careloop_http_request_duration_seconds_bucket{service="complaints",method="GET",le="0.3"}': "0+50x200",
                'careloop_http_request_duration_seconds_bucket{service="complaints",method="GET",le="1"}': "0+100x200",
                'careloop_http_request_duration_seconds_bucket{service="complaints",method="GET",le="+Inf"}': "0+100x200",
                ANSWERED: "0+100x200",
            },
            "2h",
            (SERVICE,),
        ),
        silent=Example(
            {
                'careloop_http_request_duration_seconds_bucket{service="complaints",method="GET",le="0.3"}': "0+100x200",
                'careloop_http_request_duration_seconds_bucket{service="complaints",method="GET",le="+Inf"}': "0+100x200",
                ANSWERED: "0+100x200",
            },
            "2h",
        ),
    ),
    Alert(
        name="CareloopAuthFailures",
        severity="ticket",
        asks="sum by (service, reason) (rate(careloop_auth_failures_total[5m])) > 1",
        lasts="10m",
        says="{{ $labels.service }} turns away more than one request a second by its token ({{ $labels.reason }}).",
        fires=Example(
            {'careloop_auth_failures_total{service="complaints",reason="expired"}': "0+120x60"},
            tells=({**SERVICE, "reason": "expired"},),
        ),
        silent=Example({'careloop_auth_failures_total{service="complaints",reason="expired"}': "0+30x60"}),
    ),
]
