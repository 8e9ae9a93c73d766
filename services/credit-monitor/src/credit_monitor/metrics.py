"""What Prometheus is told of the dealings with the bureau."""

import asyncio

from prometheus_client import Counter, Gauge, Histogram

from chassis.postgres import TRANSIENT
from chassis.tenancy import Pool

MEASURE_SECONDS = 5.0
"""Prometheus asks every fifteen seconds or so."""

CALLS = Histogram(
    "kundvakt_bureau_call_seconds",
    "Time of calls to the credit bureaus",
    ["bureau", "call", "outcome"],
    buckets=(0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 20),
)
STEPS = Counter(
    "kundvakt_credit_steps_total", "Steps taken with companies' credit", ["step", "outcome"]
)
WORK_DUE = Gauge("kundvakt_credit_work_due", "Companies that something is to be done about now")
POLL_AGE = Gauge(
    "kundvakt_credit_poll_age_seconds",
    "Time since a bureau's notifications were last read, of the account that is furthest behind",
)
MAILS = Counter("kundvakt_alert_mails_total", "Mails dealt with, by what came of it", ["outcome"])
NOTICES = Counter("kundvakt_credit_notices_total", "New notifications from the bureau")

RECONCILED = Counter(
    "kundvakt_credit_reconciliations_total", "Portfolios compared", ["bureau", "outcome"]
)
DRIFT = Counter(
    "kundvakt_credit_drift_total",
    "Companies in whom a bureau's portfolio differed from what it should hold",
    ["bureau", "kind"],
)


CIRCUITS = Gauge(
    "kundvakt_bureau_circuit_open",
    "Whether a bureau is left alone for a while, by what it was asked",
    ["account", "operation"],
)


async def measure_for_ever(pool: Pool) -> None:
    """Measure what nobody counts as it happens."""
    while True:
        try:
            row = await pool.fetchrow(
                "SELECT (SELECT count(*) FROM work WHERE due_at <= now()) AS due,"
                " (SELECT extract(epoch FROM now() - min(polled_at))::float FROM accounts a"
                "  WHERE account = 'creditsafe'"
                "  OR EXISTS (SELECT FROM choices c WHERE c.account = a.account)) AS age"
            )
        except TRANSIENT:
            row = None
        if row is not None:
            WORK_DUE.set(row["due"])
            POLL_AGE.set(row["age"] or 0.0)
        await asyncio.sleep(MEASURE_SECONDS)
