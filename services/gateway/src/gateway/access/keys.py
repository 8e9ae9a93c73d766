"""API keys: `kv_<id>_<secret>`, of which only a hash is kept."""

import hashlib
import hmac
import re
import secrets
import time
from collections import OrderedDict
from dataclasses import dataclass
from uuid import UUID

from chassis.tenancy import Connection, Pool
from contracts.companies.user import Role

KEY = re.compile(r"^kv_([a-z0-9]{12})_([a-z0-9]{64})$")
ID_BYTES = 6
SECRET_BYTES = 32
"""Too much to guess, so a plain hash keeps it as well as a slow one would."""
CACHE_SECONDS = 1.0
"""A key revoked anywhere is refused everywhere within this time."""
CACHED_MAX = 10_000


@dataclass(frozen=True, slots=True)
class Principal:
    """Who is asking: a key of one tenant, with a role; some keys are one user's own."""

    tenant: str
    key_id: str
    role: Role
    user: UUID | None = None

    @property
    def actor(self) -> str:
        """Return how events name it."""
        return f"user:{self.user}" if self.user else f"key:{self.key_id}"


@dataclass(frozen=True, slots=True)
class NewKey:
    """A key as it is given out, once: what is kept of it, and the text itself."""

    key_id: str
    text: str
    digest: bytes


def new_key() -> NewKey:
    """Draw a key."""
    key_id, secret = secrets.token_hex(ID_BYTES), secrets.token_hex(SECRET_BYTES)
    return NewKey(key_id, f"kv_{key_id}_{secret}", _digest(secret))


def _digest(secret: str) -> bytes:
    return hashlib.sha256(secret.encode()).digest()


class Doorkeeper:
    """Tells whose key it is; remembers it for a moment."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool
        self._known: OrderedDict[bytes, tuple[float, Principal]] = OrderedDict()

    async def recognise(self, text: str) -> Principal | None:
        """Return who comes with this key, if it is one and was not revoked."""
        place = hashlib.sha256(text.encode(errors="replace")).digest()
        known = self._known.get(place)
        if known and known[0] > time.monotonic():
            return known[1]
        self._known.pop(place, None)
        found = await self.look_up(text)
        if found:
            self._known[place] = (time.monotonic() + CACHE_SECONDS, found)
            if len(self._known) > CACHED_MAX:
                self._known.popitem(last=False)
        return found

    async def look_up(self, text: str) -> Principal | None:
        """Look a key up, whatever is remembered."""
        parts = KEY.match(text)
        if not parts:
            return None
        rows = await self._pool.fetch("SELECT * FROM app.find_key($1)", parts[1])
        given = _digest(parts[2])
        for row in rows:
            if hmac.compare_digest(given, row["digest"]) and not row["revoked"]:
                return Principal(row["tenant_id"], row["key_id"], Role(row["role"]), row["user_id"])
        return None

    def forget(self) -> None:
        """Forget every key at once, because one was revoked."""
        self._known.clear()


async def is_live(connection: Connection, principal: Principal) -> bool:
    """Say whether a key seen earlier still opens the door."""
    return bool(
        await connection.fetchval(
            "SELECT true FROM api_keys WHERE tenant_id = $1 AND key_id = $2 AND revoked_at IS NULL",
            principal.tenant,
            principal.key_id,
        )
    )
