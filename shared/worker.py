"""Runs a service's worker: consumer, relay and jobs in one process, until SIGTERM or a bug.

A dependency that is away is waited for; the process ends only on a bug or a wedged pool, and a supervisor starts it again.
"""

import asyncio
import contextlib
import gc
import signal
from collections.abc import Awaitable, Callable

import structlog
from aiokafka.errors import KafkaError

from shared import housekeeping, replay, surroundings
from shared.clock import now
from shared.database import open_engine, open_pool
from shared.delivery import Room
from shared.exports import forgetting
from shared.exports import store as exported
from shared.exports import writing as exporting
from shared.gate import Gate
from shared.health import Health
from shared.intake import Intake
from shared.logs import configure
from shared.metrics import Metrics
from shared.ops import ops_app, serve
from shared.outage import is_away, is_clash, name_of
from shared.relay import Relay
from shared.schema import fits
from shared.service import Job, Means, Service
from shared.settings import VERSION, ServiceSettings
from shared.shell import Shell
from shared.sources import Sources
from shared.tally import Counting
from shared.tasks import call_off
from shared.topics import source_of
from shared.units import Units

log = structlog.get_logger()
BREATH, DRAIN = 20.0, 20.0  # seconds


async def run_worker(service: Service, settings: ServiceSettings) -> None:
    configure(service.name, "worker", settings.log_level, settings.slot)
    metrics, health = Metrics(service.name, VERSION), Health(service.name, "worker")
    health.facts |= {"slot": settings.slot, "clock_offset_seconds": settings.clock_offset.total_seconds()}
    for condition in ("schema", "group"):
        health.ready_when(condition, at_start=True)
    means = Means(
        settings=settings, units=Units.read(settings.config / "units.toml"), sources=Sources(settings.config / "sources.toml"), metrics=metrics, health=health,
        engine=open_engine(settings.database, size=4, name="jobs"), pool=await open_pool(settings.database, size=4),
    )  # fmt: skip
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    health.watch(metrics)
    try:
        await run(service, means, stop)
    finally:
        health.unwatch()
        with contextlib.suppress(Exception):
            await asyncio.wait_for(means.engine.dispose(), 2)
        if means.pool:
            means.pool.terminate()


async def run(service: Service, means: Means, stop: asyncio.Event) -> None:
    settings, health, metrics = means.settings, means.health, means.metrics
    assert means.pool
    gate = Gate(service.name, service.listeners, means.sources, now)
    circumstances = service.circumstances(means)
    room = Room(means.pool, gate, lambda: {"at": now(), "units": means.units, **circumstances}, metrics, unit=means.units.default)
    intake = Intake(room, metrics, health, means.wake)
    shell = Shell(intake, metrics, settings.kafka, service.name, settings.slot)
    counting = Counting(service.counting, metrics) if service.counting else None
    relay = Relay(settings.database, settings.kafka, source_of(service.name), means.wake, metrics, health, counting)
    for gauge in (housekeeping.gauges, surroundings.gauges, exported.gauges, *service.gauges):
        metrics.refresh(lambda gauge=gauge: gauge(means))  # type: ignore[misc]
    jobs = [*service.jobs(means), housekeeping.PURGE, replay.job(room), exporting.job(service.name), forgetting.JOB]
    async with asyncio.TaskGroup() as tasks:
        doing: list[asyncio.Task[None]] = []
        working = [tasks.create_task(serve(ops_app(health, metrics), settings.host, settings.ops_port), name="ops")]
        waiting = tasks.create_task(begin(service, means, intake, shell, stop), name="begin")
        ending = tasks.create_task(stop.wait())
        await asyncio.wait([waiting, ending], return_when=asyncio.FIRST_COMPLETED)
        if not stop.is_set():
            gc.collect()
            gc.freeze()  # what is here now stays: looking through it again and again costs a fifth of the time
            gc.set_threshold(50_000, 20, 100)
            working += [
                tasks.create_task(loop(), name=name)
                for name, loop in (("intake", intake.watch), ("kafka", intake.see_kafka), ("relay", relay.run))
            ]
            doing = [tasks.create_task(repeat(job, means, stop), name=job.name) for job in jobs]
            log.info("working", topics=gate.topics)
            await ending
        health.draining = True
        log.info("stopping")
        waiting.cancel()
        with contextlib.suppress(TimeoutError, KafkaError):
            await asyncio.wait_for(shell.end(), 25)
        if doing:  # what is on its way to a gateway arrives there and is remembered
            await asyncio.wait(doing, timeout=DRAIN)
        await call_off(working + doing)
    log.info("stopped")


async def begin(service: Service, means: Means, intake: Intake, shell: Shell, stop: asyncio.Event) -> None:
    """The schema first, then what is stopped, then the group; whoever is away is waited for."""
    if await persist(means, "postgres", lambda: fits(service, means), stop):
        means.health.reached("schema")
        await persist(means, "postgres", intake.recall, stop)
        await persist(means, "kafka", lambda: started(shell), stop)


async def persist(means: Means, dependency: str, attempt: Callable[[], Awaitable[bool]], stop: asyncio.Event) -> bool:
    pause, told = 0.2, ""
    while not stop.is_set():
        try:
            if await attempt():
                means.health.dependency(dependency).up()
                means.health.waits(None)
                return True
            reason = "not ready"
        except Exception as error:
            if not (isinstance(error, KafkaError) or is_away(error)):
                raise
            reason = name_of(error)
        means.health.dependency(dependency).down(reason)
        means.health.waits(f"{dependency} ({reason})")
        if reason != told:
            log.warning("waiting to start", dependency=dependency, reason=reason)
            told = reason
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(stop.wait(), pause)
        pause = min(pause * 2, 2.0)
    return False


async def started(shell: Shell) -> bool:
    try:
        await shell.start()
    except Exception:
        with contextlib.suppress(Exception):
            await shell.stop()
        raise
    return True


async def repeat(job: Job, means: Means, stop: asyncio.Event) -> None:
    """A job, for ever. The database away is waited for and a clash tried again; anything else is a bug and ends the process."""
    while not stop.is_set():
        means.health.beat(job.name)
        try:
            again = await asyncio.wait_for(job.run(means), job.longest)
        except Exception as error:
            if not is_away(error) and not is_clash(error):
                raise
            log.warning("a job will try again", job=job.name, reason=name_of(error))
            again = False
        if again:
            means.wake.set()
        else:
            await rest(job, means, stop)


async def rest(job: Job, means: Means, stop: asyncio.Event) -> None:
    """Until it is due again; a long rest is no silence."""
    left = job.every.total_seconds()
    while left > 0 and not stop.is_set():
        means.health.beat(job.name)
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(stop.wait(), min(left, BREATH))
        left -= BREATH
