"""Works off what is to be done about companies, several at once, each step by step."""

import asyncio
from collections import Counter
from datetime import timedelta

import structlog

from chassis.edge import now
from chassis.failpoints import reach
from chassis.postgres import TRANSIENT, heal
from chassis.site import Site
from credit_monitor import metrics, work
from credit_monitor.bureaus.port import Unavailable
from credit_monitor.leases import LeaseLost, kept_up
from credit_monitor.patience import patience
from credit_monitor.reaching.accounts import Accounts
from credit_monitor.work import Work
from credit_monitor.working.desk import Desk
from credit_monitor.working.steps import take

log = structlog.get_logger()

AT_ONCE_MAX = 6
"""Companies in hand at a time at one account: enough for some ten a second. What waits for one
bureau takes none of another's hands."""
IN_HAND_MAX = 600
"""At all accounts together: a hundred that hang leave room; each holds a connection to the
database only in passing."""
LOOK_SECONDS = 0.25
"""How soon work is seen that another process left; our own rings."""
BACKOFF_SECONDS_FIRST, BACKOFF_SECONDS_MAX = 1.0, 60.0
STOP_SECONDS_MAX = 0.5


class Worker:
    """Takes companies in hand and takes the next step with each."""

    def __init__(self, site: Site, accounts: Accounts) -> None:
        self._site = site
        self._accounts = accounts
        self._in_hand: dict[asyncio.Task[None], Work] = {}

    async def run(self) -> None:
        """Work until cancelled; then let go of what is in hand."""
        try:
            while True:
                try:
                    await self._turn()
                except TRANSIENT as error:
                    log.warning("work interrupted", error=repr(error))
                    await heal(self._site.pool, error)
                    await asyncio.sleep(LOOK_SECONDS)
        finally:
            await self._let_go()

    async def _turn(self) -> None:
        """Fill our hands; with nothing more to take, wait until somebody rings."""
        self._site.changed.clear()
        busy = Counter(held.account for held in self._in_hand.values())
        is_full = len(self._in_hand) >= IN_HAND_MAX
        taken = [] if is_full else await work.lease(self._site.pool, AT_ONCE_MAX, busy)
        for held in taken:
            task = asyncio.create_task(self.do(held))
            self._in_hand[task] = held
            task.add_done_callback(self._done)
        # Who is taken leaves nobody due at its account, or no hand free there: one is rung for.
        try:
            async with asyncio.timeout(LOOK_SECONDS):
                await self._site.changed.wait()
        except TimeoutError:
            return

    def _done(self, task: asyncio.Task[None]) -> None:
        self._in_hand.pop(task, None)
        self._site.changed.set()

    async def do(self, held: Work) -> None:
        """Take one step with one company; whatever goes wrong, it is taken again later."""
        structlog.contextvars.bind_contextvars(
            tenant=held.tenant, correlation=str(held.correlation)
        )
        pool = self._site.pool
        outcome, step = "failed", "unknown"
        try:
            reach("credit-monitor.leased")
            async with kept_up(lambda: work.extend(pool, held)):
                account = await self._accounts.of(held.tenant)
                step = await take(Desk(pool, self._site.streams, account, held))
            outcome = "ok"
        except LeaseLost:
            outcome = "lease-lost"
            log.warning("somebody else took over", company=str(held.company_id))
        except Unavailable as error:
            outcome = "unavailable"
            log.warning("put off", company=str(held.company_id), why=str(error))
            await self._put_off(held, error.retry_after)
        except TRANSIENT as error:
            log.warning("interrupted", company=str(held.company_id), error=repr(error))
            await heal(pool, error)
        except Exception:
            log.exception("failed", company=str(held.company_id))
            await self._put_off(held, BACKOFF_SECONDS_MAX)
        metrics.STEPS.labels(step, outcome).inc()

    async def _put_off(self, held: Work, seconds: float | None) -> None:
        """Try again later, later every time; companies do not all come back at once."""
        longest = patience(BACKOFF_SECONDS_FIRST, BACKOFF_SECONDS_MAX, held.attempts)
        share = 0.5 + held.id.int % 1000 / 2000
        until = now() + timedelta(seconds=max(seconds or 0.0, longest * share))
        try:
            await work.put_off(self._site.pool, held, until)
        except TRANSIENT as error:
            log.warning("not put off, its lease runs out", error=repr(error))

    async def _let_go(self) -> None:
        """Stop what is in hand, and leave it for whoever comes next."""
        in_hand = dict(self._in_hand)
        for task in in_hand:
            task.cancel()
        if in_hand:
            await asyncio.wait(in_hand, timeout=STOP_SECONDS_MAX)
            await work.release(self._site.pool, in_hand.values())
