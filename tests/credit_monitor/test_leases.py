"""Work is leased to one worker each, and never more of it than was asked for."""

import pytest

from chassis.edge import new_id
from chassis.migrate import with_database
from chassis.postgres import connect
from credit_monitor.work import LEASE
from onebox.testing import Installation

pytestmark = pytest.mark.servers

DUE = 20
ASKED_FOR = 3
INSERT = "INSERT INTO work (tenant_id, company_id, correlation) VALUES ($1, $2, $2)"
LOOKING_ANEW = """
UPDATE work w SET fence = w.fence + 1, leased_until = now() + make_interval(secs => $2)
FROM (SELECT tenant_id, company_id FROM work
      WHERE due_at <= now() AND (leased_until IS NULL OR leased_until < now())
      ORDER BY due_at LIMIT $1 FOR UPDATE SKIP LOCKED) due
WHERE w.tenant_id = due.tenant_id AND w.company_id = due.company_id
RETURNING w.*
"""


@pytest.mark.parametrize(("lease", "leased"), [(LEASE, ASKED_FOR), (LOOKING_ANEW, DUE)])
async def test_no_more_is_leased_than_was_asked_for_however_it_is_planned(
    installation: Installation, tenant: str, lease: str, leased: int
) -> None:
    url = with_database(installation.servers.admin_url, f"{installation.prefix}_credit_monitor")
    connection = await connect(url, "test")
    try:
        # The planner believes in one row: it looks for what is due once for each row there is.
        await connection.execute("CREATE TEMP TABLE work (LIKE public.work INCLUDING ALL)")
        await connection.execute(INSERT, tenant, new_id())
        await connection.execute("ANALYZE work")
        for _ in range(DUE - 1):
            await connection.execute(INSERT, tenant, new_id())
        asked = (ASKED_FOR, 60.0, "{}") if lease is LEASE else (ASKED_FOR, 60.0)
        assert len(await connection.fetch(lease, *asked)) == leased
    finally:
        await connection.close()
