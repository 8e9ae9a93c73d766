"""How a tenant stands with its bureau: is there something to log in with, and is it taken."""

from dataclasses import dataclass
from datetime import datetime

from chassis.decider import Rejected
from chassis.tenancy import Connection
from credit_monitor.bureaus.account import parts_of
from credit_monitor.bureaus.opening import COUNTRIES, FIELDS, shared
from credit_monitor.choosing import choices
from credit_monitor.choosing.model import DEFAULT
from credit_monitor.reaching import credentials
from credit_monitor.settings import credit_settings

READ = """
SELECT polled_at, CASE WHEN login_refused_at > coalesce(polled_at, '-infinity')
  THEN login_refused_at END AS refused_at
FROM accounts WHERE account = $1
"""


@dataclass(frozen=True, slots=True)
class Standing:
    """A tenant's bureau, and what is known of its account there."""

    bureau: str
    own_credentials: bool
    credentials_set: bool
    credentials_set_at: datetime | None
    login_refused_at: datetime | None
    last_read_at: datetime | None

    @property
    def countries(self) -> frozenset[str]:
        """Return whose companies the bureau rates."""
        return COUNTRIES[self.bureau]

    def require(self) -> None:
        """Refuse to ask a bureau that would not let us in."""
        if not self.credentials_set:
            raise Rejected(
                "bureau-credentials-missing",
                "There are no credentials for your credit bureau; set them first.",
            )
        if self.login_refused_at is not None:
            raise Rejected(
                "bureau-login-refused",
                "Your credit bureau refuses our login; set credentials that it takes.",
            )


async def standing_of(connection: Connection, tenant: str) -> Standing:
    """Return how a tenant stands with its bureau."""
    bureau, account = await choices.find(connection, tenant) or (DEFAULT, DEFAULT)
    kept = await credentials.kept(connection, tenant)
    row = await connection.fetchrow(READ, account)
    own = parts_of(account)[1] is not None and bureau in kept
    given = own or shared(credit_settings(), bureau) is not None
    return Standing(
        bureau=bureau,
        own_credentials=own,
        credentials_set=given or not FIELDS[bureau],
        credentials_set_at=kept.get(bureau),
        login_refused_at=row["refused_at"] if row else None,
        last_read_at=row["polled_at"] if row else None,
    )
