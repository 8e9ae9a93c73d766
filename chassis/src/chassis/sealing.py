"""Personal texts sealed on their way to rest, opened on their way into memory.

AES-256-GCM (NIST SP 800-38D) under the subject's own key, bound to tenant, stream and field:
a ciphertext copied elsewhere does not open.
"""

import base64
import os
from typing import Any
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from chassis.keys import NONCE_BYTES, KeyRing
from contracts.values import Sealed

MARK = "sealed"
"""The `kind` of a sealed text in JSON."""


async def seal(keys: KeyRing, tenant: str, stream: UUID, data: dict[str, Any]) -> dict[str, Any]:
    """Return an event's JSON with every personal text sealed."""
    sealed: dict[str, Any] = await _walk(
        data, "", lambda field, value: _sealed(keys, tenant, stream, field, value)
    )
    return sealed


async def unseal(keys: KeyRing, tenant: str, stream: UUID, data: dict[str, Any]) -> dict[str, Any]:
    """Return an event's JSON with every personal text readable, or absent once erased."""
    opened: dict[str, Any] = await _walk(
        data, "", lambda field, value: _opened(keys, tenant, stream, field, value)
    )
    return opened


async def open_text(
    keys: KeyRing, tenant: str, stream: UUID, field: str, sealed: Sealed
) -> str | None:
    """Return what a sealed text says, or nothing once its subject has been erased."""
    opened = await _opened(keys, tenant, stream, field, sealed.model_dump(mode="json"))
    text: str | None = opened.get("text")
    return text


async def _walk(value: Any, field: str, turn: Any) -> Any:
    """Turn every sealed text, wherever it stands."""
    if isinstance(value, dict):
        if value.get("kind") == MARK and "subject" in value:
            return await turn(field, value)
        return {name: await _walk(part, name, turn) for name, part in value.items()}
    if isinstance(value, list):
        return [await _walk(part, field, turn) for part in value]
    return value


def _bound_to(tenant: str, stream: UUID, field: str) -> bytes:
    return f"{tenant}|{stream}|{field}".encode()


async def _sealed(
    keys: KeyRing, tenant: str, stream: UUID, field: str, value: dict[str, Any]
) -> dict[str, Any]:
    text = value.get("text")
    bare = {"kind": MARK, "subject": value["subject"]}
    if text is None:
        return bare | ({MARK: value[MARK]} if value.get(MARK) else {})
    key = await keys.make(tenant, UUID(value["subject"]))
    nonce = os.urandom(NONCE_BYTES)
    secret = AESGCM(key).encrypt(nonce, text.encode(), _bound_to(tenant, stream, field))
    return bare | {MARK: base64.b64encode(nonce + secret).decode()}


async def _opened(
    keys: KeyRing, tenant: str, stream: UUID, field: str, value: dict[str, Any]
) -> dict[str, Any]:
    bare = {"kind": MARK, "subject": value["subject"]}
    secret = base64.b64decode(value.get(MARK) or "")
    key = await keys.find(tenant, UUID(value["subject"])) if secret else None
    if key is None:
        return bare
    try:
        text = AESGCM(key).decrypt(
            secret[:NONCE_BYTES], secret[NONCE_BYTES:], _bound_to(tenant, stream, field)
        )
    except InvalidTag:
        return bare
    return bare | {"text": text.decode()}


async def seal_bytes(
    keys: KeyRing, tenant: str, subject: UUID, bound_to: str, plain: bytes
) -> bytes:
    """Seal something whole under a subject's key, made now if there was none.

    Bound to the tenant and to its place: copied elsewhere it does not open.
    """
    key = await keys.make(tenant, subject)
    nonce = os.urandom(NONCE_BYTES)
    return nonce + AESGCM(key).encrypt(nonce, plain, _place(tenant, subject, bound_to))


async def open_bytes(
    keys: KeyRing, tenant: str, subject: UUID, bound_to: str, sealed: bytes
) -> bytes | None:
    """Open what was sealed whole; nothing once the key was destroyed, or for another place."""
    key = await keys.find(tenant, subject)
    if key is None:
        return None
    try:
        return AESGCM(key).decrypt(
            sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], _place(tenant, subject, bound_to)
        )
    except InvalidTag:
        return None


def _place(tenant: str, subject: UUID, bound_to: str) -> bytes:
    return f"{tenant}|{subject}|{bound_to}".encode()
