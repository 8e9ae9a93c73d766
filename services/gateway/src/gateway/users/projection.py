"""Users: one row each; what names a person stays sealed."""

from importlib.resources import files
from typing import Any, NamedTuple

from chassis.codec import to_json
from chassis.projection import Projection, Told
from contracts.companies.user import UserAdded, UserChanged


class UserRow(NamedTuple):
    """A row of `users`."""

    user_id: str
    name: dict[str, Any]
    email: dict[str, Any]
    role: str
    created_at: str
    active: bool = True
    version: int = 0


def evolve(row: UserRow | None, told: Told) -> UserRow | None:
    """Take in one more fact."""
    match told.event:
        case UserAdded() as event:
            return UserRow(
                user_id=str(event.user_id),
                name=to_json(event.name),
                email=to_json(event.email),
                role=event.role.value,
                created_at=told.at,
                version=told.version,
            )
        case UserChanged() as event if row:
            said: dict[str, Any] = {
                "name": to_json(event.name) if event.name else None,
                "email": to_json(event.email) if event.email else None,
                "role": event.role.value if event.role else None,
                "active": event.active,
            }
            changed = {name: value for name, value in said.items() if value is not None}
            return row._replace(version=told.version, **changed)
        case _:
            return row


users: Projection[UserRow] = Projection(
    name="users",
    version=1,
    row=UserRow,
    table_sql=files("gateway.users").joinpath("table.sql").read_text(),
    handles=(UserAdded, UserChanged),
    key=lambda told: str(told.event.stream_id),
    evolve=evolve,
)
