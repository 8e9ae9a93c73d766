"""The tenant's keys over HTTP."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Body, Path, Request, Response, status
from pydantic import BaseModel

from contracts.companies.user import Role
from contracts.values import Line
from gateway.access import admin
from gateway.asked_by import Here, KeyManager
from gateway.bodies import Body as Wanted
from gateway.bodies import strictly
from gateway.problems import not_found
from gateway.references import check_user

router = APIRouter(prefix="/keys", tags=["keys"])


class NewKey(Wanted):
    """What a key is for, what may be done with it, and whose own it is, if it is."""

    role: Role
    label: Line
    user_id: UUID | None = None


class KeyAnswer(BaseModel):
    """A key, without what it opens with."""

    key_id: str
    role: Role
    label: str
    created_by: str
    created_at: datetime
    revoked_at: datetime | None
    user_id: UUID | None


class KeyList(BaseModel):
    """All of a tenant's keys."""

    items: list[KeyAnswer]


class KeyCreated(BaseModel):
    """A new key; `key` is shown this once."""

    key_id: str
    key: str


@router.get("")
async def list_keys(who: KeyManager, site: Here) -> KeyList:
    """List the tenant's keys."""
    keys = await admin.keys_of(site.reader, who.tenant)
    return KeyList(items=[KeyAnswer.model_validate(key) for key in keys])


@router.post("", status_code=status.HTTP_201_CREATED)
async def add_key(
    who: KeyManager,
    site: Here,
    body: Annotated[NewKey, strictly(NewKey), Body()],
    response: Response,
) -> KeyCreated:
    """Add a key; its text is in the answer and nowhere else."""
    if body.user_id is not None:
        await check_user(site, who.tenant, body.user_id)
    text = await admin.add_key(
        site.pool, who.tenant, body.role, body.label, who.actor, user=body.user_id
    )
    key_id = text.split("_")[1]
    response.headers["Location"] = f"/api/v1/keys/{key_id}"
    return KeyCreated(key_id=key_id, key=text)


@router.delete("/{key_id}", status_code=status.HTTP_204_NO_CONTENT)
async def revoke_key(
    who: KeyManager,
    site: Here,
    key_id: Annotated[str, Path(pattern="^[A-Za-z0-9-]{1,40}$")],
    request: Request,
) -> None:
    """Revoke a key: within a second it opens nothing any more, on no process."""
    if not await admin.revoke_key(site.pool, key_id, who.tenant):
        raise not_found("key")
    state: Any = request.app.state
    state.doorkeeper.forget()
