"""The credit-monitor service, composed."""

import asyncio

from chassis.service import Service
from chassis.site import Site
from credit_monitor.alerts.lookout import look_out
from credit_monitor.alerts.reactions import reaction as tell_whom_it_concerns
from credit_monitor.alerts.wire import router as alerts
from credit_monitor.choosing.wire import router as choosing
from credit_monitor.mail.postman import deliver
from credit_monitor.mail.reactions import reaction as mail_alerts
from credit_monitor.metrics import measure_for_ever
from credit_monitor.operators.showing import show_accounts
from credit_monitor.reaching.accounts import Accounts
from credit_monitor.reactions import reactions
from credit_monitor.reconciling.reconciler import reconcile_for_ever
from credit_monitor.settings import credit_settings
from credit_monitor.tidying.housekeeping import forget_raw_answers, let_go_for_ever, spread_choices
from credit_monitor.tidying.keeping import keep_no_longer_than_needed
from credit_monitor.watching.poller import poll_for_ever
from credit_monitor.wire import router
from credit_monitor.working.worker import Worker


async def deal_with_the_bureaus(site: Site) -> None:
    """Work off what is to be done and read what is told, at every account that is used."""
    settings = credit_settings()
    async with Accounts(site.pool, site.keys, settings) as accounts, asyncio.TaskGroup() as tasks:
        tasks.create_task(Worker(site, accounts).run())
        tasks.create_task(poll_for_ever(site, accounts, settings))
        tasks.create_task(reconcile_for_ever(site, accounts))
        tasks.create_task(spread_choices(site))
        tasks.create_task(let_go_for_ever(site, accounts))
        tasks.create_task(forget_raw_answers(site))
        tasks.create_task(measure_for_ever(site.pool))
        tasks.create_task(show_accounts(site.pool, accounts))


service = Service(
    name="credit-monitor",
    routers=(router, alerts, choosing),
    # Alerts come last: to say something is to wait for all others who do.
    reactions=(*reactions, tell_whom_it_concerns, mail_alerts),
    background=(deal_with_the_bureaus, keep_no_longer_than_needed, look_out, deliver),
    migrations="credit_monitor.migrations",
)
