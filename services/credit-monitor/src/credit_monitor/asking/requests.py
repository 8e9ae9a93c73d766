"""Asks for ratings as they arrive: decided while nobody else spends the tenant's money."""

from datetime import timedelta

from chassis.decider import AnyDecider, Rejected
from chassis.problems import PASSING
from chassis.site import Site
from chassis.streams import ATTEMPTS, Stream, WrongVersion, repeat, transact
from chassis.tenancy import Connection, tenant_transaction
from contracts.credit_checks import RequestCreditCheck
from contracts.message import Answer, Problem
from credit_monitor import costs
from credit_monitor.asking.checks import KINDS, Facts, check_id, decider
from credit_monitor.choosing.standing import standing_of
from credit_monitor.costs import Call
from credit_monitor.facts import subjects
from credit_monitor.facts.forms import treatment
from credit_monitor.facts.subject import Subject
from credit_monitor.policy import policies
from credit_monitor.settings import credit_settings


async def request(site: Site, command: RequestCreditCheck) -> Answer:
    """Let a rating be asked for, or refuse it; a refusal is remembered like an answer."""
    home = Stream(command.tenant, command.aggregate, command.company_id)
    for _ in range(ATTEMPTS):
        past = await site.streams.read(home, command)
        if past.answered:
            return repeat(past.answered)
        try:
            async with tenant_transaction(site.pool, command.tenant) as connection:
                return await _decided(site, connection, command)
        except Rejected as refusal:
            if refusal.code in PASSING:
                raise
            problem = Problem(code=refusal.code, message=refusal.message, details=refusal.details)
            try:
                await site.streams.refuse(command, problem)
            except WrongVersion:
                continue
            raise
    raise Rejected("busy", "Others are changing this at the same moment; try again.")


async def _decided(site: Site, connection: Connection, command: RequestCreditCheck) -> Answer:
    """Decide and set aside what it costs, or nothing of both."""
    streams = site.streams.within(connection)
    tenant, company_id = command.tenant, command.company_id
    await costs.hold_purse(connection, tenant)
    subject, _ = await subjects.load(connection, tenant, company_id)
    policy = await policies.load(connection, tenant)
    standing = await standing_of(connection, tenant)
    standing.require()
    call = _call(command, subject, standing.bureau)
    free = timedelta(hours=credit_settings().credit_free_hours)
    facts = Facts(
        subject=subject,
        countries=standing.countries,
        on_record=await costs.on_record(connection, tenant, call, free, command.at),
        affordable=await costs.is_affordable(connection, tenant, policy, call.bureau, command.at),
    )
    asked: AnyDecider = decider(facts)
    past = await streams.read(Stream(tenant, command.aggregate, company_id), command)
    if past.answered is None and asked.decide(command, asked.fold(past.events)):
        await costs.reserve(connection, tenant, policy, call, command.at)
    return await transact(streams, asked, command)


def _call(command: RequestCreditCheck, subject: Subject, bureau: str) -> Call:
    return Call(
        company_id=command.company_id,
        bureau=bureau,
        kind=KINDS[command.purpose],
        purpose=command.purpose or "UNSTATED",
        question=f"check {check_id(command)}",
        asked_by=command.by,
        copied=treatment(subject).is_copied,
        call_id=check_id(command),
    )
