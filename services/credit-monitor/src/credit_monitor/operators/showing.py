"""Shows Prometheus again and again how accounts stand, their circuits among it."""

import asyncio

from chassis.postgres import TRANSIENT
from chassis.tenancy import Pool
from credit_monitor.metrics import CIRCUITS, MEASURE_SECONDS
from credit_monitor.operators import overview
from credit_monitor.reaching.accounts import Accounts


async def show_accounts(pool: Pool, accounts: Accounts) -> None:
    """Measure what nobody counts as it happens."""
    while True:
        try:
            await overview.measure(pool)
            for key in await accounts.in_use():
                for operation, state in accounts.circuits(key).items():
                    CIRCUITS.labels(key, operation).set(state != "closed")
        except TRANSIENT:
            pass
        await asyncio.sleep(MEASURE_SECONDS)
