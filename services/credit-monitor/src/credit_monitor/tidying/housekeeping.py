"""What is done about bureaus besides rating and watching: who chose is told to, who left let go."""

import asyncio

import structlog

from chassis.postgres import TRANSIENT, heal
from chassis.site import Site
from credit_monitor.bureaus.account import Account
from credit_monitor.choosing import choices
from credit_monitor.reaching import raw_answers
from credit_monitor.reaching.accounts import Accounts
from credit_monitor.reaching.rounds import Rounds
from credit_monitor.working import leavings

log = structlog.get_logger()

LOOK_SECONDS = 0.5
"""How soon a choice is seen."""
LEAVE_SECONDS = 1.0
EXPIRE_SECONDS = 60.0


async def spread_choices(site: Site) -> None:
    """Have the companies of tenants that chose another bureau looked at, again and again."""
    while True:
        try:
            if await choices.spread(site.pool):
                site.changed.set()
                continue
        except TRANSIENT as error:
            log.warning("choice not spread", error=repr(error))
            await heal(site.pool, error)
        await asyncio.sleep(LOOK_SECONDS)


async def let_go_for_ever(site: Site, accounts: Accounts) -> None:
    """Take out whom tenants that have left a bureau no longer watch there, again and again."""

    async def visit(account: Account) -> None:
        while await leavings.let_go(site.pool, account):
            pass

    async def due() -> set[str]:
        return await leavings.accounts_with_some(site.pool)

    async def forsake(key: str) -> None:
        await leavings.forsake(site.pool, key)

    await Rounds(site, accounts, due, visit, forsake).run(LEAVE_SECONDS)


async def forget_raw_answers(site: Site) -> None:
    """Forget bureaus' answers that were kept long enough, again and again."""
    while True:
        try:
            if await raw_answers.expire(site.pool):
                continue
        except TRANSIENT as error:
            log.warning("raw answers not forgotten", error=repr(error))
            await heal(site.pool, error)
        await asyncio.sleep(EXPIRE_SECONDS)
