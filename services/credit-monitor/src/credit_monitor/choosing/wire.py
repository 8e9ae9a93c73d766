"""Where wishes about a tenant's bureau arrive: what it logs in with goes no further than here."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import asdict
from typing import Annotated, Any

import structlog
from faststream.nats import NatsRouter

from chassis import codec
from chassis.answering import (
    ANSWERED,
    Given,
    Received,
    answer_query,
    command_name,
    hear_query,
    replied,
)
from chassis.decider import AnyDecider, Rejected
from chassis.failpoints import reach
from chassis.site import Site
from chassis.streams import Stream, repeat, transact
from chassis.tenancy import Connection, tenant_transaction
from contracts.credit_bureaus import (
    ChooseBureau,
    CreditBureau,
    CreditBureauCommand,
    CreditBureauWish,
    ForgetBureauCredentials,
    HintFromBureau,
    ReportRatings,
    ShowCreditBureau,
)
from contracts.message import Answer, Reply
from credit_monitor.bureaus.account import key_of
from credit_monitor.bureaus.opening import FIELDS, shared
from credit_monitor.choosing import choices
from credit_monitor.choosing.model import DEFAULT, RecordChoice, RecordReport, choices_
from credit_monitor.choosing.reporting import report
from credit_monitor.choosing.standing import standing_of
from credit_monitor.reaching import credentials
from credit_monitor.reaching.hooks import heed
from credit_monitor.settings import credit_settings

log = structlog.get_logger()
router = NatsRouter()

WORDS = " and "


async def choose(command: ChooseBureau, site: Site) -> Answer:
    """Choose a bureau, and keep the credentials that came with the choice."""
    known(command.bureau)
    given = None if command.credentials is None else checked(command.bureau, command.credentials)

    async def settle(connection: Connection) -> str:
        if given:
            await credentials.put(connection, site.keys, command.tenant, command.bureau, given)
        return command.bureau

    return await _decided(command, site, settle)


async def forget(command: ForgetBureauCredentials, site: Site) -> Answer:
    """Forget the credentials at the present bureau; the deployment's are used, if it has any."""

    async def settle(connection: Connection) -> str:
        found = await choices.find(connection, command.tenant)
        bureau = found[0] if found else DEFAULT
        if not await credentials.remove(connection, command.tenant, bureau):
            raise Rejected("bureau-credentials-unknown", "There are no credentials to forget.")
        return bureau

    return await _decided(command, site, settle, lasting=False)


async def _decided(
    command: CreditBureauWish,
    site: Site,
    settle: Callable[[Connection], Awaitable[str]],
    *,
    lasting: bool = True,
) -> Answer:
    """Keep what was wished and tell of it."""

    async def wished(connection: Connection) -> CreditBureauWish:
        bureau = await settle(connection)
        own = bureau in await credentials.kept(connection, command.tenant)
        if lasting and not own and shared(credit_settings(), bureau) is None:
            raise Rejected(
                "bureau-credentials-missing",
                f"Give the credentials of an account at this bureau: {_wanted(bureau)}.",
            )
        owner = command.tenant if own or not FIELDS[bureau] else None
        await choices.put(connection, command.tenant, bureau, key_of(bureau, owner))
        log.info(command_name(command), bureau=bureau, own_credentials=own)
        return RecordChoice(**_stamp(command), bureau=bureau, own_credentials=own)

    return await _once(command, site, wished)


async def reported(command: ReportRatings, site: Site) -> Answer:
    """Keep ratings that a tenant reports, and tell of them."""

    async def wished(connection: Connection) -> CreditBureauWish:
        changed = await report(connection, command)
        log.info(command_name(command), rows=len(command.rows), changed=changed)
        return RecordReport(
            **_stamp(command), scale=command.scale, rows=len(command.rows), changed=changed
        )

    answer = await _once(command, site, wished)
    site.changed.set()
    return answer


async def _once(
    command: CreditBureauWish,
    site: Site,
    wished: Callable[[Connection], Awaitable[CreditBureauWish]],
) -> Answer:
    """Keep and tell in one transaction; asked again, change nothing.

    An earlier wish that comes late once more must not bring its credentials back.
    """
    tenant = command.tenant
    async with tenant_transaction(site.pool, tenant) as connection:
        await choices.hold(connection, tenant)
        streams = site.streams.within(connection)
        home = Stream(tenant, command.aggregate, command.stream_id)
        past = await streams.read(home, command)
        if past.answered:
            return repeat(past.answered)
        decider: AnyDecider = choices_
        answer = await transact(streams, decider, await wished(connection))
    reach("credit-monitor.bureau-chosen")
    return answer


def _stamp(command: CreditBureauWish) -> dict[str, Any]:
    return command.model_dump(include=set(CreditBureauWish.model_fields))


def known(bureau: str) -> None:
    """Refuse a bureau that we do not speak to."""
    if bureau not in FIELDS:
        raise Rejected("bureau-unknown", f"Choose one of these bureaus: {', '.join(FIELDS)}.")


def checked(bureau: str, given: Mapping[str, str]) -> Mapping[str, str]:
    """Refuse credentials that this bureau could not take; what they are is not repeated."""
    if set(given) != set(FIELDS[bureau]):
        raise Rejected("bureau-credentials-malformed", f"This bureau wants {_wanted(bureau)}.")
    return given


def _wanted(bureau: str) -> str:
    return WORDS.join(FIELDS[bureau]) or "no credentials"


async def show(query: ShowCreditBureau, site: Site) -> CreditBureau:
    """Say which bureau a tenant has, and how things stand there; never what it logs in with."""
    async with tenant_transaction(site.pool, query.tenant) as connection:
        standing = await standing_of(connection, query.tenant)
        leaving = await connection.fetchval(
            "SELECT count(*) FROM leavings WHERE tenant_id = $1", query.tenant
        )
    return CreditBureau(**asdict(standing), leaving=leaving)


async def on_hint(hint: HintFromBureau, site: Site) -> None:
    """Read what a bureau says there is."""
    if await heed(site.pool, site.keys, hint):
        site.changed.set()


HANDLERS: Mapping[type[Any], Callable[[Any, Site], Awaitable[Answer]]] = {
    ChooseBureau: choose,
    ForgetBureauCredentials: forget,
    ReportRatings: reported,
}


async def on_wish(message: Received, site: Annotated[Site, Given("site")]) -> bytes:
    """Take a wish about a tenant's bureau, and always answer."""

    async def answer() -> Reply:
        command = codec.command_from(message.body, CreditBureauCommand)
        structlog.contextvars.bind_contextvars(
            tenant=command.tenant, correlation=str(command.correlation), by=command.by
        )
        return Reply(answer=await HANDLERS[type(command)](command, site))

    return await replied("credit-monitor.credit-bureau", message.headers, answer)


router.subscriber(
    "credit-monitor.command.credit-bureau", queue="credit-monitor", ack_policy=ANSWERED
)(on_wish)
answer_query(router, "credit-monitor", ShowCreditBureau, show)
hear_query(router, "credit-monitor", HintFromBureau, on_hint)
