"""The tenant's own departments over HTTP."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Body, Query, Response, status
from pydantic import BaseModel

from chassis.edge import new_id
from contracts.companies.department import AddDepartment, RenameDepartment
from contracts.values import Line
from gateway.asked_by import Here, UserManager, UserReader
from gateway.asking import Asked, Written, etag, written
from gateway.bodies import Body as Wanted
from gateway.bodies import strictly
from gateway.departments import queries
from gateway.reading import PAGE, After, Limit, caught_up, reading

router = APIRouter(prefix="/departments", tags=["departments"])


class DepartmentName(Wanted):
    """What a department is called."""

    name: Line


class DepartmentAnswer(BaseModel):
    """One of the tenant's own departments."""

    department_id: UUID
    name: str
    created_at: datetime


class DepartmentList(BaseModel):
    """A page of departments, in the order they were added."""

    items: list[DepartmentAnswer]
    next_cursor: UUID | None


class DepartmentCreated(Written):
    """A department that came into being."""

    department_id: UUID


@router.get("")
async def list_departments(
    who: UserReader,
    site: Here,
    cursor: Annotated[UUID | None, Query()] = None,
    limit: Limit = PAGE,
    after: After = None,
) -> DepartmentList:
    """List the tenant's own departments."""
    await caught_up(site, who.tenant, "departments", after)
    async with reading(site, who.tenant) as connection:
        rows = await queries.departments(connection, who.tenant, cursor, limit + 1)
    items = [DepartmentAnswer.model_validate(dict(row)) for row in rows[:limit]]
    last = items[-1].department_id if len(rows) > limit else None
    return DepartmentList(items=items, next_cursor=last)


@router.post("", status_code=status.HTTP_201_CREATED)
async def add_department(
    _who: UserManager,
    asked: Asked,
    body: Annotated[DepartmentName, strictly(DepartmentName), Body()],
    response: Response,
) -> DepartmentCreated:
    """Add one of the tenant's own departments."""
    answer = await asked.ask(AddDepartment(**asked.stamp(department_id=new_id(), name=body.name)))
    response.headers["ETag"] = etag(answer.version)
    return DepartmentCreated(department_id=answer.stream_id, position=answer.position)


@router.patch("/{department_id}")
async def rename_department(
    _who: UserManager,
    asked: Asked,
    department_id: UUID,
    body: Annotated[DepartmentName, strictly(DepartmentName), Body()],
    response: Response,
) -> Written:
    """Give a department another name."""
    command = RenameDepartment(**asked.stamp(department_id=department_id, name=body.name))
    return written(response, await asked.ask(command))
