"""How each account and each tenant stands with its bureau, for operators and Prometheus."""

from collections.abc import Mapping, Sequence
from typing import Any

from prometheus_client import Gauge

from chassis.tenancy import Pool

ACCOUNTS = """
SELECT a.account, split_part(a.account, '/', 1) AS bureau, a.failures, a.cursor,
  extract(epoch FROM now() - a.polled_at)::float AS polled_seconds,
  a.login_refused_at IS NOT NULL AS refused,
  paused(a.account, split_part(a.account, '/', 2)) AS paused,
  (SELECT count(*) FROM work w WHERE w.account = a.account AND w.due_at <= now()) AS due,
  (SELECT count(*) FROM work w WHERE w.account = a.account AND w.due_at > now()) AS waiting
FROM accounts a
WHERE a.account = 'creditsafe' OR EXISTS (SELECT FROM choices c WHERE c.account = a.account)
ORDER BY a.account
"""
TENANTS = """
SELECT p.tenant_id, p.account,
  (SELECT count(*) FROM listings l WHERE l.tenant_id = p.tenant_id AND l.account = p.account
     AND l.state = 'yes') AS watched,
  (SELECT count(*) FROM listings l WHERE l.tenant_id = p.tenant_id AND l.account = p.account
     AND l.state <> 'yes') AS undecided_now,
  paused(p.account, p.tenant_id) AS paused,
  (SELECT count(*) FROM paid_calls c WHERE c.tenant_id = p.tenant_id
     AND c.bureau = split_part(p.account, '/', 1) AND c.reserved_at > now() - interval '30 days'
     AND c.outcome <> 'RELEASED') AS reports,
  (SELECT sum(c.cost) FROM paid_calls c WHERE c.tenant_id = p.tenant_id
     AND c.bureau = split_part(p.account, '/', 1) AND c.currency IS NOT NULL
     AND c.reserved_at > now() - interval '30 days') AS cost,
  (SELECT max(c.currency) FROM paid_calls c WHERE c.tenant_id = p.tenant_id
     AND c.bureau = split_part(p.account, '/', 1)) AS currency,
  r.slot, r.done_at, r.trouble, r.members, r.missing, r.leftover, r.strangers, r.moved, r.undecided
FROM portfolios p
LEFT JOIN reconciliations r ON r.tenant_id = p.tenant_id AND r.bureau = p.account
ORDER BY p.account, p.tenant_id
"""
KINDS = ("missing", "leftover", "strangers", "moved", "undecided")
DRIFTED = Gauge(
    "kundvakt_credit_portfolio_drift",
    "Companies in whom portfolios differed when they were last reconciled",
    ["bureau", "kind"],
)
READ_AGE = Gauge(
    "kundvakt_credit_cursor_age_seconds", "Time since an account was last read", ["account"]
)
PAUSED = Gauge("kundvakt_credit_paused", "Whether an account is paused by an operator", ["account"])


async def accounts(connection: Any) -> Sequence[Mapping[str, Any]]:
    """Return how each account that is used stands."""
    return [dict(row) for row in await connection.fetch(ACCOUNTS)]


async def tenants(connection: Any) -> Sequence[Mapping[str, Any]]:
    """Return how each tenant stands at its account."""
    return [dict(row) for row in await connection.fetch(TENANTS)]


async def measure(pool: Pool) -> None:
    """Tell Prometheus how accounts and portfolios stand."""
    for one in await accounts(pool):
        READ_AGE.labels(one["account"]).set(one["polled_seconds"] or 0.0)
        PAUSED.labels(one["account"]).set(one["paused"])
    sums: dict[tuple[str, str], int] = {}
    for one in await tenants(pool):
        for kind in KINDS:
            key = (one["account"].partition("/")[0], kind)
            sums[key] = sums.get(key, 0) + (one[kind] or 0)
    for (bureau, kind), count in sums.items():
        DRIFTED.labels(bureau, kind).set(count)
