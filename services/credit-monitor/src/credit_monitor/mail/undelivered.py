"""Mails that never arrive, or did not so far: what operators are shown of them."""

from typing import Any

from chassis.tenancy import Connection


async def undelivered(connection: Connection, tenant: str, at_most: int) -> list[Any]:
    """Return mails that never arrive, or did not so far, the latest first, and what is in the way.

    A tenant named '' is all of them.
    """
    return await connection.fetch(
        "SELECT tenant_id, user_id, mail_id, digest, state, attempts, reason,"
        " coalesce(ended_at, queued_at) AS at FROM mails"
        " WHERE ($1 = '' OR tenant_id = $1) AND reason IS NOT NULL AND state <> 'sent'"
        " ORDER BY at DESC LIMIT $2",
        tenant,
        at_most,
    )
