"""The gateway: what people and systems see of Kundvakt."""

from functools import cache

from fastapi import APIRouter, Depends, FastAPI

from chassis import health
from chassis.service import Service
from chassis.site import Site
from gateway import problems
from gateway.access.api import router as keys
from gateway.access.keys import Doorkeeper
from gateway.access.permit import only_known_parameters, require_permissions
from gateway.alerts.api import router as alerts_router
from gateway.alerts.choices import router as alert_choices
from gateway.alerts.projection import alert_preferences, alert_settings, alerts
from gateway.bureaus.api import router as bureaus
from gateway.bureaus.hooks import router as bureau_hooks
from gateway.bureaus.reporting import router as reported_ratings
from gateway.companies.api import router as company_list_router
from gateway.companies.projection import company_list
from gateway.company.addresses import router as addresses
from gateway.company.api import router as company
from gateway.company.merging import router as merging
from gateway.company.parts import router as company_parts
from gateway.company.projection import company_card
from gateway.company.sub_units import router as sub_units
from gateway.credit.api import router as credit
from gateway.credit.chart import router as credit_chart
from gateway.credit.checks import router as credit_checks
from gateway.credit.projection import credit_history
from gateway.credit.what_if import router as credit_what_if
from gateway.credit_policy.api import router as credit_policy
from gateway.credit_policy.projection import credit_policies
from gateway.departments.api import router as departments_router
from gateway.departments.projection import departments
from gateway.description import describe
from gateway.door import Door
from gateway.events.api import router as events
from gateway.events.hub import Hub
from gateway.history import keep
from gateway.manual import add_manual
from gateway.measured import Measured
from gateway.registry.api import router as registry
from gateway.registry.projection import company_numbers
from gateway.settings.api import router as settings_router
from gateway.settings.projection import settings
from gateway.timeline.api import router as timeline
from gateway.users.api import router as users_router
from gateway.users.projection import users
from gateway.views import tell_views

ROUTERS = (
    company_list_router,
    company,
    company_parts,
    sub_units,
    merging,
    addresses,
    timeline,
    credit,
    credit_chart,
    credit_checks,
    credit_what_if,
    credit_policy,
    alerts_router,
    alert_choices,
    registry,
    users_router,
    departments_router,
    settings_router,
    bureaus,
    reported_ratings,
    bureau_hooks,
    keys,
    events,
)


@cache
def api() -> APIRouter:
    """Compose what needs a key; composed once, for reading every signature takes a while."""
    composed = APIRouter()
    for router in ROUTERS:
        composed.include_router(
            router,
            prefix="/api/v1",
            dependencies=[Depends(only_known_parameters)],
            responses=problems.RESPONSES,
        )
    return composed


def http(site: Site) -> FastAPI:
    """Compose the app; it does not start with a route that anybody could use."""
    app = FastAPI(
        title="Kundvakt",
        version="1",
        summary="A CRM for Nordic firms in which every fact about a customer is an event.",
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        # `Measured` does that, in the words of the other services.
        telemetry={"tracing": False, "metrics": False, "logs": False},
        routes=[*health.routes(site), *api().routes],
    )
    add_manual(app)
    require_permissions(app)
    app.state.site = site
    app.state.doorkeeper = Doorkeeper(site.reader)
    app.state.hub = Hub(site)
    problems.install(app)
    describe(app)
    app.add_middleware(Door, doorkeeper=app.state.doorkeeper)
    app.add_middleware(Measured)
    return app


service = Service(
    name="gateway",
    keep=keep,
    projections=(
        company_card,
        company_list,
        credit_history,
        credit_policies,
        company_numbers,
        users,
        departments,
        settings,
        alerts,
        alert_preferences,
        alert_settings,
    ),
    http=http,
    background=(tell_views,),
    migrations="gateway.migrations",
    has_events=False,
)
