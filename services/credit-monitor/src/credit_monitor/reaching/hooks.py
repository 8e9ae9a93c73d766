"""Where bureaus push to: an address that nobody can guess, and no more than a hint to read.

Its secret is made of the tenant's own key, so that it need not be kept and says whose it is.
"""

import hmac

from chassis.keys import KeyRing
from chassis.tenancy import Pool
from contracts.credit_bureaus import HintFromBureau

PATH = "/api/v1/bureaus/{bureau}/hooks/{tenant}.{token}"
OURS = "kundvakt-"
"""How our portfolios' names begin; the tenant's own name follows."""
HEED = """
UPDATE accounts SET next_poll_at = least(next_poll_at, greatest(now(), polled_at + interval '1 s'))
WHERE account = account_of($1) AND (account = $2 OR account = $2 || '/' || $1)
"""
"""Once a second at most, however often we are called."""


async def token_of(keys: KeyRing, tenant: str, bureau: str) -> str:
    """Return the secret of a tenant's address for a bureau."""
    return (await keys.digest(tenant, f"bureau-hook|{bureau}")).hex()


async def address_of(keys: KeyRing, reached_at: str, bureau: str, portfolio: str) -> str | None:
    """Return where pushes about a portfolio are to go; nowhere, where we cannot be reached."""
    if not reached_at:
        return None
    tenant = portfolio.removeprefix(OURS)
    token = await token_of(keys, tenant, bureau)
    return reached_at.rstrip("/") + PATH.format(bureau=bureau, tenant=tenant, token=token)


async def heed(pool: Pool, keys: KeyRing, hint: HintFromBureau) -> bool:
    """Read an account soon, if the hint has its secret; says whether it has."""
    known = "SELECT true FROM choices WHERE tenant_id = $1 AND bureau = $2"
    if not await pool.fetchval(known, hint.tenant, hint.bureau):
        # Nor is a key made for a tenant that nobody knows.
        return False
    token = await token_of(keys, hint.tenant, hint.bureau)
    if not hmac.compare_digest(token, hint.token):
        return False
    await pool.execute(HEED, hint.tenant, hint.bureau)
    return True
