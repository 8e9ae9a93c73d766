"""The credit-monitor service, composed."""

import asyncio

from chassis.service import Service
from chassis.site import Site
from credit_monitor.alerts.lookout import look_out
from credit_monitor.alerts.reactions import reaction as tell_whom_it_concerns
from credit_monitor.alerts.wire import router as alerts
from credit_monitor.bureaus.connect import Connect
from credit_monitor.bureaus.creditsafe import Creditsafe
from credit_monitor.bureaus.logins import PostgresLogins
from credit_monitor.keeping import keep_no_longer_than_needed
from credit_monitor.mail.postman import deliver
from credit_monitor.mail.reactions import reaction as mail_alerts
from credit_monitor.metrics import measure_for_ever
from credit_monitor.poller import poll_for_ever
from credit_monitor.reactions import reactions
from credit_monitor.reconciler import reconcile_for_ever
from credit_monitor.settings import CreditSettings
from credit_monitor.wire import router
from credit_monitor.worker import Worker


async def deal_with_the_bureau(site: Site) -> None:
    """Work off what is to be done and read what is told, over one logged-in account."""
    settings = CreditSettings()
    connect = Connect(
        settings.creditsafe_url,
        settings.creditsafe_username,
        settings.creditsafe_password.get_secret_value(),
        PostgresLogins(site.pool, Creditsafe.name),
    )
    async with connect, asyncio.TaskGroup() as tasks:
        bureau = Creditsafe(connect, settings.creditsafe_timezone)
        tasks.create_task(Worker(site, bureau).run())
        tasks.create_task(poll_for_ever(site, bureau, settings))
        tasks.create_task(reconcile_for_ever(site, bureau))
        tasks.create_task(measure_for_ever(site.pool, bureau.name))


service = Service(
    name="credit-monitor",
    routers=(router, alerts),
    # Alerts come last: to say something is to wait for all others who do.
    reactions=(*reactions, tell_whom_it_concerns, mail_alerts),
    background=(deal_with_the_bureau, keep_no_longer_than_needed, look_out, deliver),
    migrations="credit_monitor.migrations",
)
