"""`kundvakt migrate`, `rebuild`, `replay` and so on: what operators do with all services."""

import asyncio
import json
import os
from functools import partial
from typing import Annotated, Any, cast
from urllib.request import urlopen

import typer

from chassis import parking, stream
from chassis.digest import digests
from chassis.folding import Roles
from chassis.migrate import migrate
from chassis.operator import PREFIX, as_owner, installed, operator
from chassis.rebuild import rebuild
from chassis.service import Service

app = typer.Typer()
stream_app = typer.Typer(no_args_is_help=True, help="The stream that distributes events.")
app.add_typer(stream_app, name="stream")
app.add_typer(parking.app, name="parked")

HEALTH_SECONDS_MAX = 3.0
REBUILD_NICENESS = 10
"""Halfway to the least urgent: it still goes on where everything else is busy."""


@app.command("migrate")
def migrate_command() -> None:
    """Bring Postgres and NATS to what this version needs; running it again changes nothing."""
    site = operator()
    asyncio.run(migrate(site.database_url, site.nats_url, site.password, installed()))


@app.command("rebuild")
def rebuild_command(
    projection: Annotated[str, typer.Argument(help="Its name, or `all`")] = "all",
) -> None:
    """Build read models anew from history, beside the live ones, and switch to them."""
    site = operator()
    found = [
        (service, one)
        for service in installed()
        for one in service.projections
        if projection in {"all", one.name}
    ]
    if not found:
        raise typer.BadParameter(f"there is no read model {projection!r}")

    # Whoever reads and writes meanwhile comes first.
    os.nice(REBUILD_NICENESS)

    async def build(service: Service, one: Any, connection: Any) -> None:
        roles = Roles(f"{PREFIX}_owner", site.role(service.name))
        rows = await rebuild(connection, one, roles)
        typer.echo(f"{one.name}: {rows} rows")

    for service, one in found:
        as_owner(site, service.name, partial(build, service, one))


@app.command("replay")
def replay_command(
    consumer: Annotated[str, typer.Argument(help="The service that is to take events in again")],
    source: Annotated[str, typer.Argument(help="The service whose events they are")],
    first: Annotated[int, typer.Argument(help="The position to begin with", min=1)],
) -> None:
    """Let a service take in a source's events once more; what it did before it does not repeat."""
    site = operator()
    service = next((one for one in installed() if one.name == consumer), None)
    if service is None:
        raise typer.BadParameter(f"there is no service {consumer!r}")

    async def set_back(connection: Any) -> None:
        done = await connection.execute(
            "UPDATE checkpoints SET position = $3"
            " WHERE consumer = $1 AND source = $2 AND position >= $3",
            consumer,
            source,
            first - 1,
        )
        typer.echo(f"{consumer} takes in {source} from {first} ({done.lower()})")

    as_owner(site, service.name, set_back)


@stream_app.command("rebuild")
def stream_rebuild() -> None:
    """Throw the stream away, declare it anew and let the relays fill it from Postgres."""
    site = operator()
    asyncio.run(stream.delete_stream(site.nats_url))

    async def from_the_start(connection: Any) -> None:
        await connection.execute("UPDATE relay SET position = 0, epoch = epoch + 1")

    for service in installed():
        if service.has_events:
            as_owner(site, service.name, from_the_start)
            typer.echo(f"{service.name}: relayed again from the start")
    # Only now: what a relay had in hand meanwhile would have come before the start.
    asyncio.run(stream.declare_stream(site.nats_url))


@app.command("digest")
def digest_command() -> None:
    """Hash every table of every database: a restored backup says the same as what was saved."""

    async def tell() -> None:
        async for one in digests(operator(), installed()):
            typer.echo(f"{one.database} {one.table} {one.rows} {one.sha256}")

    asyncio.run(tell())


@app.command("describe")
def describe_command() -> None:
    """Say what is installed: services, what they answer, react to and show."""
    for service in installed():
        typer.echo(service.name)
        for router in service.routers:
            for subscriber in router.subscribers:
                typer.echo(f"  answers  {cast('Any', subscriber).subject.broker_address}")
        for reaction in service.reactions:
            names = ", ".join(form.__name__ for form in reaction.to)
            typer.echo(f"  reacts   {reaction.name}: {names}")
        for one in service.projections:
            typer.echo(f"  shows    {one.name} (version {one.version})")


@app.command("health")
def health_command() -> None:
    """Ask every running process how it is; ends with 1 unless all are well."""
    well = True
    names = {service.name for service in installed()}
    for name, url in operator().services.items():
        if name not in names:
            continue
        state = _ready(url)
        well = well and state in {"ready", "ok"}
        typer.echo(f"{name:16} {state}")
    raise typer.Exit(0 if well else 1)


def _ready(url: str) -> str:
    try:
        with urlopen(f"{url}/readyz", timeout=HEALTH_SECONDS_MAX) as answer:  # noqa: S310 - ours
            return str(json.load(answer).get("status", "ok"))
    except OSError as error:
        return f"unreachable: {error}"
