"""The keys that personal texts are sealed under, one a subject, wrapped under the master key."""

import hmac
import os
import time
from collections import OrderedDict
from uuid import UUID

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from chassis.decider import Rejected
from chassis.tenancy import Connection, Pool, tenant_transaction

NONCE_BYTES = 12
"""What AES-GCM wants (NIST SP 800-38D §5.2.1.1)."""
KEY_BYTES = 32
CACHE_SECONDS = 2.0
"""A destroyed key is forgotten by every process within this time."""
CACHED_MAX = 10_000
"""About 2 MB."""


class KeyRing:
    """Finds and makes keys in a database apart from all events; no service can destroy one."""

    def __init__(self, pool: Pool, master_key: bytes) -> None:
        self._pool = pool
        self._master = AESGCM(master_key)
        self._known: OrderedDict[tuple[str, UUID], tuple[float, bytes | None]] = OrderedDict()
        self._tenants: dict[str, bytes] = {}

    async def find(self, tenant: str, subject: UUID) -> bytes | None:
        """Return a subject's key, or nothing when it was destroyed or never made."""
        known = self._known.get((tenant, subject))
        if known and known[0] > time.monotonic():
            return known[1]
        async with tenant_transaction(self._pool, tenant) as connection:
            wrapped = await connection.fetchval(
                "SELECT wrapped FROM subject_keys WHERE tenant_id = $1 AND subject_id = $2",
                tenant,
                subject,
            )
        return self._remember(tenant, subject, self._unwrap(wrapped, subject.bytes))

    async def make(self, tenant: str, subject: UUID) -> bytes:
        """Return a subject's key, made now if there was none; refused once destroyed."""
        key = await self.find(tenant, subject)
        if key:
            return key
        async with tenant_transaction(self._pool, tenant) as connection:
            await connection.execute(
                "INSERT INTO subject_keys (tenant_id, subject_id, wrapped) VALUES ($1, $2, $3)"
                " ON CONFLICT DO NOTHING",
                tenant,
                subject,
                self._wrap(os.urandom(KEY_BYTES), subject.bytes),
            )
        self.forget(tenant, subject)
        key = await self.find(tenant, subject)
        if key is None:
            raise Rejected(
                "subject-erased",
                "This person has been erased; nothing more can be written about them.",
                subject=str(subject),
            )
        return key

    async def digest(self, tenant: str, text: str) -> bytes:
        """Return what stands for a text at this tenant: it cannot be guessed without the key."""
        key = self._tenants.get(tenant) or await self._tenant_key(tenant)
        return hmac.digest(key, text.encode(), "sha256")

    def forget(self, tenant: str, subject: UUID) -> None:
        """Drop what is remembered of a subject's key."""
        self._known.pop((tenant, subject), None)

    async def _tenant_key(self, tenant: str) -> bytes:
        fresh = self._wrap(os.urandom(KEY_BYTES), tenant.encode())
        async with tenant_transaction(self._pool, tenant) as connection:
            await connection.execute(
                "INSERT INTO tenant_keys VALUES ($1, $2) ON CONFLICT DO NOTHING", tenant, fresh
            )
            wrapped = await connection.fetchval(
                "SELECT wrapped FROM tenant_keys WHERE tenant_id = $1", tenant
            )
        key = self._unwrap(wrapped, tenant.encode())
        assert key  # noqa: S101 - inserted above, never deleted
        self._tenants[tenant] = key
        return key

    def _remember(self, tenant: str, subject: UUID, key: bytes | None) -> bytes | None:
        self._known[tenant, subject] = (time.monotonic() + CACHE_SECONDS, key)
        if len(self._known) > CACHED_MAX:
            self._known.popitem(last=False)
        return key

    def _wrap(self, key: bytes, bound_to: bytes) -> bytes:
        nonce = os.urandom(NONCE_BYTES)
        return nonce + self._master.encrypt(nonce, key, bound_to)

    def _unwrap(self, wrapped: bytes | None, bound_to: bytes) -> bytes | None:
        if wrapped is None:
            return None
        return self._master.decrypt(wrapped[:NONCE_BYTES], wrapped[NONCE_BYTES:], bound_to)


async def destroy(connection: Connection, tenant: str, subject: UUID) -> None:
    """Destroy a subject's key for good, or see to it that none is ever made."""
    await connection.execute(
        "INSERT INTO subject_keys (tenant_id, subject_id, destroyed_at)"
        " VALUES ($1, $2, now()) ON CONFLICT (tenant_id, subject_id) DO UPDATE"
        " SET wrapped = NULL, destroyed_at = now() WHERE subject_keys.wrapped IS NOT NULL",
        tenant,
        subject,
    )
