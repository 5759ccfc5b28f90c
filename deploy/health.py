"""What is wrong just now, in sentences: every process is asked twice, a moment apart, how it is and what it counts.

The same numbers as the alerts look at, with limits at or below theirs: what woke somebody is named here, and a healthy system has nothing to say.
"""

import asyncio
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import httpx
from prometheus_client.parser import text_string_to_metric_families

PATIENCE = 5.0  # seconds for an answer; a process that frozen gives none
Labels = tuple[tuple[str, str], ...]

# number → the limit that it must stay below, and what it means when it does not; {value} and the labels are filled in
ABOVE: Mapping[str, tuple[float, str]] = {
    "consumer_lag_seconds": (30, "is behind on {topic}, partition {partition}: what it reads is {value:.0f} s old; see `careloop lag {service}`."),
    "outbox_oldest_age_seconds": (60, "has events that have not left for {value:.0f} s; `careloop outbox list --service {service}` shows them."),
    "parked_open": (0, "put {value:.0f} record(s) of {topic} aside; `careloop parked list` says why."),
    "timers_overdue": (0, "has {value:.0f} thing(s) of kind {kind} that were due and have not happened."),
    "provider_breaker_open": (0, "leaves {provider} alone, because it does not answer."),
    "deadlines_provisional": (0, "has {value:.0f} deadline(s) that stand on days whose holidays nobody has announced."),
    "exports_oldest_queued_age_seconds": (300, "has not begun to write a register that was asked for {value:.0f} s ago."),
    "erasure_oldest_open_age_seconds": (10 * 86_400, "has an erasure that is under way for {value:.0f} s; `careloop erasure list` shows it."),
}  # fmt: skip
DURING: Mapping[str, str] = {  # counters: what it means that they moved
    "http_requests_total": "answered {value:.0f} request(s) {method} {route} with {code} within {seconds:.0f} s; its log names the correlation ids.",
    "parked_total": "puts records of {topic} aside ({reason}), {value:.0f} within {seconds:.0f} s; `careloop parked list` shows them.",
    "auth_failures_total": "turned {value:.0f} request(s) away by their token within {seconds:.0f} s: {reason}.",
    "provider_requests_total": "{provider} answered {value:.0f} message(s) with {outcome} within {seconds:.0f} s.",
    "db_errors_total": "got {value:.0f} error(s) of the database within {seconds:.0f} s: {kind}.",
}
SLOW, SLOW_ANSWER = 0.05, 0.3  # seconds; for a record a hundredth of that is usual


@dataclass(slots=True)
class Seen:
    """One look at a process; `why` where it gave no answer."""

    process: str
    at: float
    why: str = ""
    told: Mapping[str, Any] = field(default_factory=dict)
    numbers: dict[str, dict[Labels, float]] = field(default_factory=dict)

    def each(self, name: str) -> Iterator[tuple[dict[str, str], float]]:
        return ((dict(labels), value) for labels, value in self.numbers.get(f"careloop_{name}", {}).items())

    def only(self, name: str) -> float | None:
        return next((value for _, value in self.each(name)), None)


async def look(processes: Mapping[str, str]) -> list[Seen]:
    async with httpx.AsyncClient(trust_env=False, timeout=PATIENCE) as client:
        return list(await asyncio.gather(*(see(client, name, address) for name, address in processes.items())))


async def see(client: httpx.AsyncClient, process: str, address: str) -> Seen:
    seen = Seen(process, time.monotonic())
    try:
        healthz, page = await asyncio.gather(client.get(f"{address}/healthz"), client.get(f"{address}/metrics"))
        seen.told = healthz.json()
        for family in text_string_to_metric_families(page.text):
            for it in family.samples:
                seen.numbers.setdefault(it.name, {})[tuple(sorted(it.labels.items()))] = it.value
    except (httpx.HTTPError, ValueError) as error:
        seen.why = (
            "does not answer: it is frozen or overloaded"
            if isinstance(error, httpx.TimeoutException)
            else f"is not there ({type(error).__name__})"
        )
    return seen


def wrong(before: Sequence[Seen], after: Sequence[Seen]) -> list[str]:
    """Sentences, each once: what stands in a database all its workers tell."""
    told = [it for then, now in zip(before, after, strict=True) for it in of_one(then, now)]
    return list(dict.fromkeys([*told, *skewed(after)]))


def of_one(then: Seen, now: Seen) -> Iterator[str]:
    if now.why:
        yield f"{now.process} {now.why}."
        return
    service = now.told.get("service", now.process)
    for name, it in now.told.get("dependencies", {}).items():
        if it["state"] == "down":
            yield f"{now.process} can't reach {name} for {it['for_seconds']:.0f} s ({it.get('reason', '')})."
    for why in now.told.get("why_not", ()):
        yield f"{now.process}: {why}."
    for topic, it in now.told.get("stopped", {}).items():
        yield f"{service} has stopped reading {topic}: {it['reason']}."
    yield from of_numbers(service, now)
    yield from of_surroundings(now)
    yield from of_changes(service, then, now)


def of_numbers(service: str, now: Seen) -> Iterator[str]:
    for name, (limit, sentence) in ABOVE.items():
        for labels, value in now.each(name):
            if value > limit:
                yield f"{service} {sentence.format(value=value, **{'service': service, **labels})}"


def of_surroundings(now: Seen) -> Iterator[str]:
    if abs(apart := now.only("clock_apart_seconds") or 0) > 2:
        yield f"{now.process}'s clock is {abs(apart):.0f} s {'behind' if apart > 0 else 'before'} PostgreSQL's; look at the time service of both machines."
    for labels, value in now.each("disk_free_ratio"):
        if value < 0.15:
            yield f"{now.process} has {value:.0%} of its disk left ({labels['place']})."
    size, used = now.only("db_pool_size"), now.only("db_pool_in_use")
    if size and used and used / size > 0.95 and now.process.endswith("api"):
        yield f"{now.process} has all {size:.0f} connections to the database in use."
    for labels, value in now.each("certificate_not_after_timestamp_seconds"):
        if (left := value - time.time()) < 7 * 86_400:  # noqa: TID251  a certificate lives in real time
            yield f"{now.process} uses a certificate ({labels['purpose']}) that ends in {left / 86_400:.0f} day(s)."


def of_changes(service: str, then: Seen, now: Seen) -> Iterator[str]:
    seconds = now.at - then.at
    for name, sentence in DURING.items():
        known = then.numbers.get(f"careloop_{name}", {})
        for labels, value in now.each(name):
            moved = value - known.get(tuple(sorted(labels.items())), 0)
            if moved > 0 and not then.why and is_bad(labels):
                told = sentence.format(value=moved, seconds=seconds, **labels)
                yield told if told.startswith(labels.get("provider", "\0")) else f"{service} {told}"
    behind = max((value for _, value in now.each("consumer_lag_seconds")), default=0) > ABOVE["consumer_lag_seconds"][0]
    took = mean(then, now, "consumer_handle_seconds") or (behind and mean(None, now, "consumer_handle_seconds"))  # no batch ended meanwhile
    if took > SLOW:
        yield f"{service} takes {took:.1f} s for a record; something that it does for each is slow."
    if (took := mean(then, now, "event_loop_lag_seconds")) > SLOW:
        yield f"{now.process} lets everything wait for {took:.1f} s; its log says where its event loop stands."
    for route in sorted({labels["route"] for labels, _ in now.each("http_request_duration_seconds_count")}):
        if (took := mean(then, now, "http_request_duration_seconds", route=route)) > SLOW_ANSWER:
            yield f"{service} takes {took:.1f} s to answer {route}."


def is_bad(labels: Mapping[str, str]) -> bool:
    return labels.get("code", "5").startswith("5") and labels.get("outcome") != "taken" and labels.get("kind") not in ("clash", "race")


def mean(then: Seen | None, now: Seen, name: str, **only: str) -> float:
    """Of what was measured between the two looks, or ever."""
    total, number = (rise(then, now, f"{name}_{what}", only) for what in ("sum", "count"))
    return total / number if number else 0.0


def rise(then: Seen | None, now: Seen, name: str, only: Mapping[str, str]) -> float:
    return total(now, name, only) - (total(then, name, only) if then else 0)


def total(seen: Seen, name: str, only: Mapping[str, str]) -> float:
    return sum(value for labels, value in seen.each(name) if only.items() <= labels.items())


def skewed(seen: Sequence[Seen]) -> Iterator[str]:
    """A service that runs in two versions."""
    versions: dict[str, dict[str, str]] = {}
    for it in seen:
        if it.told:
            versions.setdefault(it.told["service"], {})[it.told["version"]] = it.process
    for service, found in versions.items():
        if len(found) > 1:
            yield f"{service} runs in {len(found)} versions: {', '.join(f'{version} ({process})' for version, process in found.items())}."
