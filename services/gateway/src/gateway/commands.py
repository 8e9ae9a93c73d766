"""`kundvakt tenant`, `kundvakt key` and `kundvakt user`: who may use an installation."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Annotated, Any
from uuid import UUID

import typer
from pydantic import TypeAdapter, ValidationError

from chassis import wire
from chassis.ask import Asker, Unavailable
from chassis.decider import Rejected
from chassis.edge import new_id, now
from chassis.keys import KeyRing
from chassis.operator import as_service, derive, operator
from chassis.postgres import open_pool
from chassis.sealing import open_text
from chassis.tenancy import set_tenant
from contracts.companies.user import AddUser, ChangeUser, Role, UserCommand
from contracts.message import TenantId
from contracts.values import EmailAddress, Line, Sealed
from gateway.access import admin

ACTOR = "system:command-line"
DEADLINE_SECONDS = 10.0
"""A command of a person at a terminal may wait for a restart."""

tenant = typer.Typer(no_args_is_help=True, help="Whose data is kept apart from all others'.")
key = typer.Typer(no_args_is_help=True, help="API keys of a tenant.")
user = typer.Typer(no_args_is_help=True, help="Users of a tenant.")

Tenant = Annotated[str, typer.Option("--tenant", help="The tenant's slug")]


@tenant.command("add")
def add_tenant(
    slug: Annotated[str, typer.Argument(help="Small letters, digits and hyphens")],
    name: Annotated[str, typer.Option(help="What the tenant is called")] = "",
) -> None:
    """Add a tenant; adding it again changes nothing."""
    slug = _checked(TenantId, slug, "a tenant's slug")
    _in_gateway(lambda connection: admin.add_tenant(connection, slug, name or slug))
    typer.echo(slug)


@tenant.command("keys")
def list_keys(slug: Annotated[str, typer.Argument(help="The tenant's slug")]) -> None:
    """List a tenant's keys, without what they open with."""

    async def show(connection: Any) -> None:
        for one in await admin.keys_of(connection, slug):
            state = "revoked" if one["revoked_at"] else "live"
            typer.echo(f"{one['key_id']}  {one['role']:8}  {state:7}  {one['label']}")

    _in_gateway(show)


@key.command("add")
def add_key(
    tenant: Tenant,
    role: Annotated[Role, typer.Option(help="What may be done with it")] = Role.USER,
    label: Annotated[str, typer.Option(help="What it is for")] = "command line",
    user: Annotated[UUID | None, typer.Option(help="Whose own it is")] = None,
) -> None:
    """Add a key and print it, once: it is kept nowhere."""
    label = _checked(Line, label, "a label")

    async def add(connection: Any) -> None:
        typer.echo(await admin.add_key(connection, tenant, role, label, user=user))

    _in_gateway(add)


@key.command("revoke")
def revoke_key(
    key_id: Annotated[str, typer.Argument(help="What follows `kv_`")],
) -> None:
    """Revoke a key: within a second it opens nothing any more."""

    async def revoke(connection: Any) -> None:
        if not await admin.revoke_key(connection, key_id):
            raise Rejected("key-unknown", f"There is no key {key_id!r}.")
        typer.echo("revoked")

    _in_gateway(revoke)


@user.command("add")
def add_user(
    tenant: Tenant,
    name: Annotated[str, typer.Option()],
    email: Annotated[str, typer.Option()],
    role: Annotated[Role, typer.Option()] = Role.USER,
) -> None:
    """Let a person use the system; prints their id."""
    user_id = new_id()
    command = AddUser(
        **_stamp(tenant),
        user_id=user_id,
        name=Sealed(subject=user_id, text=_checked(Line, name, "a name")),
        email=Sealed(subject=user_id, text=_checked(EmailAddress, email, "an e-mail address")),
        role=role,
    )
    _ask(command)
    typer.echo(str(user_id))


@user.command("change")
def change_user(
    tenant: Tenant,
    user_id: Annotated[UUID, typer.Argument()],
    role: Annotated[Role | None, typer.Option()] = None,
    active: Annotated[bool | None, typer.Option("--active/--inactive")] = None,
) -> None:
    """Give a user another role, or let them in no longer."""
    _ask(ChangeUser(**_stamp(tenant), user_id=user_id, role=role, active=active))

    async def revoke(connection: Any) -> None:
        await admin.revoke_keys_of_user(connection, tenant, user_id)

    if active is False:
        _in_gateway(revoke)
    typer.echo("changed")


@user.command("list")
def list_users(tenant: Tenant) -> None:
    """List a tenant's users."""
    site = operator()

    async def show(connection: Any) -> None:
        pool = await open_pool(site.database("keys"), 1, "operator")
        keys = KeyRing(pool, bytes.fromhex(derive(site.secret, "master-key")))
        async with connection.transaction():
            await set_tenant(connection, tenant)
            rows = await connection.fetch(
                "SELECT user_id, name, role, active FROM users"
                " WHERE tenant_id = $1 ORDER BY user_id",
                tenant,
            )
        for row in rows:
            sealed = Sealed.model_validate_json(row["name"])
            name = await open_text(keys, tenant, UUID(row["user_id"]), "name", sealed)
            state = "active" if row["active"] else "inactive"
            typer.echo(f"{row['user_id']}  {row['role']:8}  {state:8}  {name or '(erased)'}")
        await pool.close()

    _in_gateway(show)


def _stamp(tenant: str) -> dict[str, Any]:
    command_id = new_id()
    return {
        "command_id": command_id,
        "tenant": _checked(TenantId, tenant, "a tenant's slug"),
        "by": ACTOR,
        "at": now(),
        "correlation": command_id,
    }


def _checked(form: Any, text: str, what: str) -> Any:
    try:
        return TypeAdapter(form).validate_python(text)
    except ValidationError:
        raise typer.BadParameter(f"{text!r} is not {what}") from None


def _in_gateway(act: Callable[[Any], Awaitable[None]]) -> None:
    """Do something in the gateway's database, as the gateway."""
    try:
        as_service(operator(), "gateway", act)
    except Rejected as refusal:
        raise _failed(refusal.message) from None


def _ask(command: UserCommand) -> None:
    """Ask `companies`, over NATS."""

    async def ask() -> None:
        connection = await wire.connect(operator().nats_url, "operator", "_INBOX")
        try:
            await Asker(connection, DEADLINE_SECONDS).command("companies", command)
        finally:
            await connection.close()

    try:
        asyncio.run(ask())
    except Rejected as refusal:
        raise _failed(refusal.message) from None
    except Unavailable:
        raise _failed("The service companies does not answer.") from None


def _failed(message: str) -> typer.Exit:
    typer.echo(message, err=True)
    return typer.Exit(1)
