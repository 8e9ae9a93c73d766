"""`kundvakt credit`: how it stands with each bureau, and what operators do about it."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Coroutine, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any, TypeVar
from urllib.request import urlopen
from uuid import UUID

import orjson
import typer
from prometheus_client.parser import text_string_to_metric_families

from chassis import wire
from chassis.ask import Asker, Unavailable
from chassis.decider import Rejected
from chassis.edge import derived_id, new_id, now
from chassis.operator import as_service, operator
from chassis.tenancy import set_tenant
from contracts.credit_checks import RequestCreditCheck
from contracts.values import Band
from credit_monitor.mail.undelivered import undelivered
from credit_monitor.operators import operating, overview

T = TypeVar("T")
SERVICE = "credit-monitor"
ACTOR = "system:command-line"
LOOK_SECONDS, DEADLINE_SECONDS = 0.25, 10.0

app = typer.Typer(no_args_is_help=True, help="The credit bureaus, and the watch over companies.")
TenantOption = Annotated[str, typer.Option("--tenant", help="Of this tenant alone.")]
BureauOption = Annotated[str, typer.Option("--bureau", help="At this bureau alone.")]
BureauArgument = Annotated[str, typer.Argument(help="creditsafe, dnb …")]


@app.command("status")
def status_command(
    *, as_json: Annotated[bool, typer.Option("--json", help="For programs.")] = False
) -> None:
    """Say how each account and each tenant stands: calls, cost, errors, cursor, drift, circuits."""

    async def read(connection: Any) -> dict[str, Any]:
        return {
            "accounts": await overview.accounts(connection),
            "tenants": await overview.tenants(connection),
        }

    told = {**_in_service(read), "calls": _calls()}
    if as_json:
        typer.echo(orjson.dumps(told, default=str, option=orjson.OPT_INDENT_2).decode())
    else:
        operating.show(told, typer.echo)


@app.command("pause")
def pause_command(bureau: BureauArgument, tenant: TenantOption = "") -> None:
    """Ask nothing more of a bureau; what is to be done waits."""
    _in_service(lambda connection: operating.pause(connection, bureau, tenant))
    typer.echo("paused")


@app.command("resume")
def resume_command(bureau: BureauArgument, tenant: TenantOption = "") -> None:
    """Go on asking a bureau, with what has waited first."""
    done = _in_service(lambda connection: operating.resume(connection, bureau, tenant))
    typer.echo("resumed" if done else "it was not paused")


@app.command("reconcile")
def reconcile_command(
    tenant: TenantOption = "",
    bureau: BureauOption = "",
    wait_seconds: Annotated[float, typer.Option("--wait", min=0)] = 120.0,
) -> None:
    """Hold portfolios against what they should hold now, and say where they differed."""
    asked = _in_service(lambda one: operating.ask_to_reconcile(one, tenant, bureau, now()))
    if not asked:
        _fail("There is no portfolio to be reconciled.")
    until = time.monotonic() + wait_seconds
    while left := _in_service(lambda one: operating.not_reconciled(one, tenant, bureau)):
        if time.monotonic() > until:
            _fail("\n".join(f"{who}: not reconciled: {why}" for who, why in left))
        time.sleep(LOOK_SECONDS)
    for one in _in_service(overview.tenants):
        if (tenant, bureau) == ("", "") or operating.is_meant(one, tenant, bureau):
            typer.echo(operating.drift_of(one))


@app.command("replay")
def replay_command(
    bureau: BureauArgument,
    since: Annotated[datetime, typer.Option(help="By the bureau's clock.")],
    tenant: TenantOption = "",
) -> None:
    """Read a bureau's notifications again from a moment on; what is known is not told again."""
    naive = since.replace(tzinfo=None)
    done = _in_service(lambda one: operating.replay(one, bureau, tenant, naive))
    typer.echo(f"{done} accounts are read again from {naive:%Y-%m-%d %H:%M:%S}")


@app.command("undelivered")
def undelivered_command(
    tenant: TenantOption = "",
    limit: Annotated[int, typer.Option(min=1, help="How many at most, the latest.")] = 100,
) -> None:
    """List mails about alerts that were refused for good, or are put off, and why."""
    for one in _in_service(lambda connection: undelivered(connection, tenant, limit)):
        kind = "digest" if one["digest"] else "mail"
        state = (
            "never" if one["state"] == "dropped" else f"after {one['attempts']} attempts not yet"
        )
        to = f"{one['tenant_id']} user {one['user_id']}"
        typer.echo(f"{one['at']:%Y-%m-%d %H:%M} {to}: {kind} {state} taken: {one['reason']}")


@app.command("re-rate")
def re_rate_command(
    tenant: Annotated[str, typer.Option("--tenant", help="Whose companies.")],
    companies: Annotated[Path | None, typer.Option(help="A file of ids, one a line.")] = None,
    band: Annotated[Band | None, typer.Option(help="Those of this band.")] = None,
    *,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
) -> None:
    """Buy new reports on a set of companies; says first what that costs."""
    wanted = None
    if companies is not None:
        wanted = [UUID(line.strip()) for line in companies.read_text().splitlines() if line.strip()]

    async def find(connection: Any) -> tuple[list[UUID], str]:
        await set_tenant(connection, tenant)
        return await operating.to_rate(connection, tenant, wanted, band)

    found, price = _in_service(find)
    typer.echo(f"{len(found)} reports: {price}")
    if not found or not (yes or typer.confirm("Buy them?")):
        raise typer.Exit(0 if not found else 1)
    asked, why = asyncio.run(_ask_for(tenant, found))
    typer.echo(f"{asked} asked for")
    if why:
        _fail(why)


async def _ask_for(tenant: str, companies: Sequence[UUID]) -> tuple[int, str]:
    """Ask for each as anybody may; asked again on the same day it is the same wish."""
    connection = await wire.connect(operator().nats_url, "operator", "_INBOX")
    asked, why = 0, ""
    try:
        asker = Asker(connection, DEADLINE_SECONDS)
        for company_id in companies:
            at = now()
            wish = RequestCreditCheck(
                command_id=derived_id("re-rate", tenant, company_id, at.date().isoformat()),
                tenant=tenant,
                by=ACTOR,
                at=at,
                correlation=new_id(),
                company_id=company_id,
                purpose="EXISTING_CREDIT",
            )
            try:
                await asker.command(SERVICE, wish)
                asked += 1
            except Rejected as refusal:
                why = refusal.message
                if refusal.code in {"credit-cap-reached", "cap-reached"}:
                    break
            except Unavailable:
                return asked, f"The service {SERVICE} does not answer."
    finally:
        await connection.close()
    return asked, why


def _in_service(act: Callable[[Any], Awaitable[T] | Coroutine[Any, Any, T]]) -> T:
    """Do something in the service's database, as the service, in one transaction."""
    found: list[T] = []

    async def keep(connection: Any) -> None:
        async with connection.transaction():
            found.append(await act(connection))

    as_service(operator(), SERVICE, keep)
    return found[0]


def _calls() -> Mapping[str, Mapping[str, float]]:
    """Return what the running process counted, by bureau and call; nothing where there is none."""
    url = operator().services.get(SERVICE)
    if url is None:
        return {}
    try:
        with urlopen(f"{url}/metrics", timeout=DEADLINE_SECONDS) as answer:  # noqa: S310 - ours
            families = list(text_string_to_metric_families(answer.read().decode()))
    except OSError:
        return {}
    return operating.calls_of(families)


def _fail(message: str) -> None:
    typer.echo(message, err=True)
    raise typer.Exit(1)
