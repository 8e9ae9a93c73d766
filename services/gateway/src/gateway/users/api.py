"""The tenant's users over HTTP."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Body, Query, Response, status
from pydantic import BaseModel

from chassis.edge import new_id
from contracts.companies.user import AddUser, ChangeUser, Role
from contracts.values import EmailAddress, Line
from gateway.access.admin import revoke_keys_of_user
from gateway.asked_by import Here, UserManager, UserReader
from gateway.asking import Asked, Written, etag, written
from gateway.bodies import Body as Wanted
from gateway.bodies import strictly
from gateway.problems import not_found
from gateway.reading import PAGE, After, Limit, caught_up, sealed
from gateway.users import queries

router = APIRouter(prefix="/users", tags=["users"])


class NewUser(Wanted):
    """Somebody who is to use the system."""

    name: Line
    email: EmailAddress
    role: Role


class UserChange(Wanted):
    """What is another than before; what is left out stays."""

    name: Line | None = None
    email: EmailAddress | None = None
    role: Role | None = None
    active: bool | None = None


class UserAnswer(BaseModel):
    """A user; without name and e-mail once they have been erased."""

    user_id: UUID
    name: str | None
    email: str | None
    role: Role
    active: bool
    created_at: datetime


class UserList(BaseModel):
    """A page of users, in the order they were added."""

    items: list[UserAnswer]
    next_cursor: UUID | None


class UserCreated(Written):
    """A user who came into being."""

    user_id: UUID


@router.get("")
async def list_users(
    who: UserReader,
    site: Here,
    cursor: Annotated[UUID | None, Query()] = None,
    limit: Limit = PAGE,
    after: After = None,
) -> UserList:
    """List the tenant's users."""
    await caught_up(site, who.tenant, "users", after)
    found = await queries.users(site, who.tenant, cursor, limit + 1)
    items = [UserAnswer.model_validate(user) for user in found[:limit]]
    return UserList(items=items, next_cursor=items[-1].user_id if len(found) > limit else None)


@router.post("", status_code=status.HTTP_201_CREATED)
async def add_user(
    _who: UserManager,
    asked: Asked,
    body: Annotated[NewUser, strictly(NewUser), Body()],
    response: Response,
) -> UserCreated:
    """Let a person use the system."""
    user_id = new_id()
    answer = await asked.ask(
        AddUser(
            **asked.stamp(
                user_id=user_id,
                name=sealed(user_id, body.name),
                email=sealed(user_id, body.email),
                role=body.role,
            )
        )
    )
    response.headers["Location"] = f"/api/v1/users/{answer.stream_id}"
    response.headers["ETag"] = etag(answer.version)
    return UserCreated(user_id=answer.stream_id, position=answer.position)


@router.get("/{user_id}")
async def read_user(who: UserReader, site: Here, user_id: UUID, after: After = None) -> UserAnswer:
    """Read one user."""
    shown = await caught_up(site, who.tenant, "users", after)
    found = await queries.user(site, who.tenant, user_id)
    if found is None:
        raise not_found("user", shown=shown)
    return UserAnswer.model_validate(found)


@router.patch("/{user_id}")
async def change_user(
    *,
    who: UserManager,
    asked: Asked,
    user_id: UUID,
    body: Annotated[UserChange, strictly(UserChange), Body()],
    response: Response,
) -> Written:
    """Correct what is known of a user, or let them in no longer: nor do keys of their own then."""
    command = ChangeUser(
        **asked.stamp(
            user_id=user_id,
            name=sealed(user_id, body.name),
            email=sealed(user_id, body.email),
            role=body.role,
            active=body.active,
        )
    )
    answer = await asked.ask(command)
    if body.active is False:
        await revoke_keys_of_user(asked.site.pool, who.tenant, user_id)
    return written(response, answer)
