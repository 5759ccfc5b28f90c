"""Runs a service's HTTP API: the API on its port, probes and metrics on another, until SIGTERM.

It needs PostgreSQL for its answers but not to start, and Kafka for nothing: what it announces waits in the outbox.
"""

import asyncio
import signal

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Match

from shared import api_docs, asyncapi
from shared.apart import at_hand
from shared.auth import Door
from shared.database import open_engine
from shared.edge import METHODS, Edge
from shared.errors import NotFound, Refusal
from shared.health import Health
from shared.http import checked, files_of
from shared.invalid import told as invalid
from shared.issuers import known, with_keys
from shared.keys import FRESH, Keys
from shared.limits import Limits
from shared.logs import configure, log
from shared.metrics import Metrics
from shared.openapi import documented, named
from shared.ops import listen, ops_app, serve
from shared.pool import PoolWatch
from shared.problems import HttpProblem, Malformed, MethodNotAllowed, NoSuchRoute, of_http, of_refusal
from shared.profiles.history import written_by_an_api
from shared.schema import fits
from shared.service import Means, Service
from shared.settings import VERSION, ServiceSettings
from shared.sources import Sources
from shared.tasks import call_off
from shared.units import Units
from shared.unmasking import at_zero

OPEN = *api_docs.PATHS, "/openapi.json", "/asyncapi.json"


def create_api(service: Service, means: Means, door: Door, limits: Limits | None = None) -> FastAPI:
    """The API of a service. A route that is not closed by a permission is a TypeError here."""
    app = FastAPI(
        title=service.title, version=VERSION, docs_url=None, redoc_url=None, openapi_url="/openapi.json", redirect_slashes=False,
        generate_unique_id_function=named,
    )  # fmt: skip
    app.state.means, app.state.engine, app.state.metrics, app.state.door = means, means.engine, means.metrics, door
    app.state.limits = limits or Limits({}, means.metrics)
    app.state.service, app.state.circumstances = service.name, service.circumstances(means)
    routers = service.routers()
    for router in routers:
        app.include_router(checked(router))
    at_zero(means.metrics)
    app.add_exception_handler(HttpProblem, _http)
    app.add_exception_handler(Refusal, _refused)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _starlette)
    app.add_middleware(Edge, metrics=means.metrics, open_paths=OPEN, files=[it for router in routers for it in files_of(router.routes)])
    app.openapi = documented(app)  # type: ignore[method-assign]
    app.add_route("/asyncapi.json", asyncapi.served(service))
    api_docs.add_docs(app)
    return app


async def _http(_: Request, error: Exception) -> Response:
    assert isinstance(error, HttpProblem)
    return of_http(error)


async def _refused(request: Request, error: Exception) -> Response:
    assert isinstance(error, Refusal)
    if error.field is None and isinstance(error, NotFound) and request.path_params:
        error.field = [*request.path_params][-1]  # what stands in the address is what there is not
    return of_refusal(error)


async def _invalid(_: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    return of_http(invalid(error))


async def _starlette(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    if error.status_code == 404:
        return of_http(NoSuchRoute("Nothing of ours answers there.", fix="Mend the address; /docs shows those there are."))
    if error.status_code == 405:
        allowed = ", ".join(methods_at(request))
        return of_http(MethodNotAllowed(f"This address takes {allowed}.", headers={"Allow": allowed}, fix=f"Use one of {allowed}."))
    return of_http(Malformed("It is no request that HTTP knows.", fix="Send it as /docs describes it."))


def methods_at(request: Request) -> list[str]:
    """What its address takes. Each endpoint is a route of its own, and the first that matches knows its own method only."""
    scopes = [(method, {**request.scope, "method": method}) for method in METHODS]
    found = {method for method, scope in scopes if any(it.matches(scope)[0] is Match.FULL for it in request.app.routes)}
    return sorted(found | {"HEAD"} if "GET" in found else found)  # as shared/edge.py answers it


async def run_api(service: Service, settings: ServiceSettings) -> None:
    """Returns after SIGTERM or SIGINT, when what was begun is answered; raises on a bug or a wedged pool."""
    configure(service.name, "api", settings.log_level)
    metrics, health = Metrics(service.name, VERSION), Health(service.name, "api")
    health.facts["clock_offset_seconds"] = settings.clock_offset.total_seconds()
    listeners = [listen(settings.host, port) for port in (settings.port, settings.ops_port)]
    engine = open_engine(settings.database, name=f"{service.name}-api")
    means = Means(settings, Units.read(settings.config / "units.toml"), Sources(settings.config / "sources.toml"), metrics, health, engine)
    at_hand(f"services.{service.name}.app", f"services.{service.name}.api.sheets")
    issuers = with_keys(known(settings, tuple(means.units.units)), health)
    app = create_api(service, means, Door(issuers, metrics), Limits.of(settings, metrics))
    watch = PoolWatch(engine, settings.database, health, metrics, at_first=lambda: fits(service, means))
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    health.watch(metrics)
    try:
        async with asyncio.TaskGroup() as tasks:
            ops = tasks.create_task(serve(ops_app(health, metrics), settings.host, settings.ops_port, listener=listeners[1]))
            api = tasks.create_task(serve(app, settings.host, settings.port, listener=listeners[0]))
            watching = [tasks.create_task(watch.run()), *(tasks.create_task(kept(keys, health)) for _, keys in issuers)]
            if trade := app.state.circumstances.get("trade"):
                watching.append(tasks.create_task(written_by_an_api(engine, trade)))
            log.info("listening", port=settings.port, ops_port=settings.ops_port)
            await stop.wait()
            health.draining = True
            log.info("stopping")
            api.cancel()
            await asyncio.wait([api])
            await call_off((*watching, ops))
        log.info("stopped")
    finally:
        health.unwatch()
        await engine.dispose()


async def kept(keys: Keys, health: Health) -> None:
    """Without the keys of at least one issuer no token can be checked, and the process has not started. They are asked for again also while
    nobody asks us: a key that was withdrawn must not wait for its next token."""
    health.ready_when("keys", at_start=True)
    while True:
        await keys.fetch()
        if keys.loaded:
            health.reached("keys")
        await asyncio.sleep(FRESH if keys.loaded else 1)
