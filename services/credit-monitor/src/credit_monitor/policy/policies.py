"""The table `credit_policies`: what each tenant decided, under row-level security."""

from chassis.tenancy import Connection
from contracts.credit_policy import CreditPolicy
from credit_monitor.policy.next_step import DEFAULT

TOUCH_ALL = """
INSERT INTO work (tenant_id, company_id, correlation, causation, account)
SELECT tenant_id, company_id, $2, $3, account_of($1) FROM subjects WHERE tenant_id = $1
ORDER BY company_id
ON CONFLICT (tenant_id, company_id) DO UPDATE SET
  generation = work.generation + 1, due_at = now(), attempts = 0, account = excluded.account,
  correlation = excluded.correlation, causation = excluded.causation
"""


async def load(connection: Connection, tenant: str) -> CreditPolicy:
    """Return a tenant's policy, or what holds until it decides."""
    text = await connection.fetchval(
        "SELECT policy::text FROM credit_policies WHERE tenant_id = $1", tenant
    )
    return CreditPolicy.model_validate_json(text) if text else DEFAULT


async def save(connection: Connection, tenant: str, policy: CreditPolicy) -> None:
    """Keep a tenant's policy."""
    await connection.execute(
        "INSERT INTO credit_policies VALUES ($1, $2)"
        " ON CONFLICT (tenant_id) DO UPDATE SET policy = $2",
        tenant,
        policy.model_dump_json(),
    )
