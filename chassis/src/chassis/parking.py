"""`kundvakt parked`: what could not be taken in, looked at, taken up again or dropped."""

from functools import partial
from typing import Annotated, Any

import typer

from chassis.operator import as_service, installed, operator
from chassis.service import Service

app = typer.Typer(no_args_is_help=True, help="Events that could not be taken in.")
ROWS_MAX = 200
"""A screenful or four; what is wrong shows in the first lines."""


@app.command("list")
def list_command() -> None:
    """List what is parked, the oldest first, with the reason."""

    async def show(service: Service, connection: Any) -> None:
        for row in await connection.fetch(
            "SELECT id, consumer, tenant_id, stream_id, source, position, type, reason"
            " FROM parked ORDER BY id LIMIT $1",
            ROWS_MAX,
        ):
            typer.echo(
                f"{service.name} {row['id']}  {row['consumer']}  {row['tenant_id']}"
                f"  {row['stream_id']}  {row['source']}:{row['position']}  {row['type']}"
                f"  {row['reason']}"
            )

    _everywhere(None, show)


@app.command("retry")
def retry_command(
    service: Annotated[str, typer.Argument(help="The service that parked it")],
    number: Annotated[int | None, typer.Argument(help="Its number; without, all of them")] = None,
) -> None:
    """Let the running service take parked events up again, with all that wait behind them."""

    async def mark(_: Service, connection: Any) -> None:
        done = await connection.execute(
            "UPDATE parked p SET retry = true WHERE $1::bigint IS NULL OR EXISTS ("
            " SELECT FROM parked a WHERE a.id = $1 AND a.consumer = p.consumer"
            " AND a.tenant_id = p.tenant_id AND a.stream_id IS NOT DISTINCT FROM p.stream_id)",
            number,
        )
        typer.echo(f"{done.split()[-1]} to be taken up again")

    _everywhere(service, mark)


@app.command("drop")
def drop_command(
    service: Annotated[str, typer.Argument(help="The service that parked it")],
    number: Annotated[int, typer.Argument(help="Its number")],
) -> None:
    """Give one parked event up; what waits behind it is then to be retried."""

    async def drop(_: Service, connection: Any) -> None:
        done = await connection.execute("DELETE FROM parked WHERE id = $1", number)
        typer.echo(f"{done.split()[-1]} dropped")

    _everywhere(service, drop)


def _everywhere(name: str | None, act: Any) -> None:
    """Act in one service's database, or in that of each."""
    site = operator()
    for service in installed():
        consumes = service.reactions or service.keep or service.projections
        if consumes and name in {None, service.name}:
            as_service(site, service.name, partial(act, service))
