"""`kundvakt erase`: a person's key destroyed, and everybody told."""

import asyncio
from typing import Annotated, Any
from uuid import UUID

import typer

from chassis import keys, wire
from chassis.ask import Asker, Unavailable
from chassis.edge import derived_id, new_id, now
from chassis.failpoints import reach
from chassis.operator import PREFIX, Operator, operator
from chassis.postgres import connect
from chassis.tenancy import set_tenant
from contracts.companies.subject import EraseSubject

app = typer.Typer(no_args_is_help=True, help="Erase persons for good.")
ASK_SECONDS = 10.0


@app.callback()
def main() -> None:
    """Keep `subject` a word of its own: there will be more that can be erased."""


@app.command("subject")
def erase_subject(
    tenant: Annotated[str, typer.Argument(help="Whose person it is")],
    subject: Annotated[UUID, typer.Argument(help="The id of the user, contact or company")],
) -> None:
    """Destroy a person's key: every sealed text about them becomes unreadable, everywhere.

    Run it again if it was interrupted; what is done stays done.
    """
    site = operator()
    asyncio.run(_destroy(site, tenant, subject))
    typer.echo("key destroyed")
    try:
        asyncio.run(_tell(site, tenant, subject))
    except Unavailable:
        typer.echo("companies did not answer: run this again to tell everybody", err=True)
        raise typer.Exit(1) from None
    typer.echo("erased, and everybody told")


async def _destroy(site: Operator, tenant: str, subject: UUID) -> None:
    """Destroy the key, and rewrite the table: a deleted row would stay in its file."""
    connection: Any = await connect(site.database("keys"), "erase", statement_timeout="0")
    try:
        async with connection.transaction():
            await connection.execute(f'SET LOCAL ROLE "{PREFIX}_eraser"')
            await set_tenant(connection, tenant)
            await keys.destroy(connection, tenant, subject)
        reach("erase.key-destroyed")
        await connection.execute(f'SET ROLE "{PREFIX}_owner"')
        await connection.execute("VACUUM FULL subject_keys")
    finally:
        await connection.close()


async def _tell(site: Operator, tenant: str, subject: UUID) -> None:
    """Record the erasure, once however often it is asked for."""
    connection = await wire.connect(site.nats_url, "erase", "_INBOX")
    try:
        await Asker(connection, ASK_SECONDS).command(
            "companies",
            EraseSubject(
                command_id=derived_id(tenant, "erase", subject),
                tenant=tenant,
                by="system:command-line",
                at=now(),
                correlation=new_id(),
                subject_id=subject,
            ),
        )
    finally:
        await connection.close()
