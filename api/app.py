"""The HTTP side as an ASGI application: routes of `api.routes`, pages of `api.desk`, and what stands around them.

`make serve`, or any ASGI server: `uvicorn --factory chopmark:create_app`. Importing this costs nothing heavy; the site
opens when the server starts.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, nullcontext
from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING, Final

from fastapi import APIRouter, FastAPI

from api.access.forgery import FormReader
from api.access.survey import describe_permissions
from api.description import install_description, name_operation
from api.desk.navigation import PAGES
from api.edge import Edge
from api.errors import install_handlers
from api.route_table import RouteTable
from api.routes import ROUTERS

if TYPE_CHECKING:
    from api.wiring import Site

TITLE: Final = "Chopmark"


def create_app(site: "Site | None" = None) -> FastAPI:
    """Build the application.

    Args:
        site: opened, and closed by whoever opened it; None for the one that the environment's settings name, which
            opens and closes with the server.
    """
    app = FastAPI(
        title=TITLE,
        lifespan=_lifespan,
        docs_url=None,
        redoc_url=None,
        openapi_url="/openapi.json",
        generate_unique_id_function=name_operation,
    )
    app.state.site = site
    app.state.table = RouteTable()
    install_description(app, app.state.table)
    install_handlers(app)
    app.add_middleware(FormReader)
    app.add_middleware(Edge)
    for router in _build_routers():
        app.state.table.add(router)
        app.include_router(router)
    describe_permissions(app.routes)
    return app


@cache
def _build_routers() -> tuple[APIRouter, ...]:
    """Build every route once a process: they know nothing of their application, and are nearly all that one takes."""
    return tuple(import_module(module).build_router() for module in (*ROUTERS, *PAGES))


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    from api.access.doorkeeper import Doorkeeper
    from api.access.reception import build_reception
    from api.log_lines import writing_log
    from api.observing import Observer
    from api.service import build_service
    from api.settings import load_settings
    from api.telemetry import build_tracer
    from api.telling import keep_telling
    from api.upkeep import keep_up
    from api.wiring import open_site
    from policies.review.follower import Follower
    from policies.review.job import sort_jobs

    given: Site | None = app.state.site
    settings = load_settings() if given is None else given.settings
    opening = open_site(settings) if given is None else nullcontext(given)
    with writing_log(settings.http.log), opening as site, keep_up(site.deployment), keep_telling(site):
        service = app.state.service = build_service(site)
        tracer = build_tracer(site.settings.http.traces)
        app.state.observer = Observer(service.metrics, tracer)
        app.state.doorkeeper = Doorkeeper(site.deployment.database, site.settings)
        app.state.reception = build_reception(site)
        service.walkers.start_waiting()
        sort_jobs(site.deployment.database, site.settings.review.sensitive)
        try:
            with Follower(site.deployment, grace_s=site.settings.review.grace_s), service.errands.running(service):
                yield
        finally:
            service.walkers.close()
            if tracer is not None:
                tracer.close()
