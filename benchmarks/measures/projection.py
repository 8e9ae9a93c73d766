"""Events into read models: off the bus into history, and out of history into the company list."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing
from functools import partial
from typing import Any

import asyncpg
from nats.aio.client import Client
from nats.js.api import AckPolicy, ConsumerConfig

from benchmarks import raw_publish
from benchmarks.happened import envelopes
from benchmarks.rounds import Reading, alternating, middle, number, rate, rate_ratio
from benchmarks.row import Row
from benchmarks.stage import Stage
from chassis import codec, wire
from chassis.consumer import BATCH_EVENTS, batches, settle, subscribed
from chassis.intake import Intake
from chassis.migrate import with_database
from chassis.projector import Projector
from chassis.site import Site
from contracts.envelope import envelope_from
from gateway.app import service
from gateway.companies.projection import company_list
from gateway.history import keep

PREFIX = "projection"
AIM = 0.6
FETCH_SECONDS = 5.0
WHY_INTAKE = "each event is judged, written with four indexes, and acknowledged by itself"
WHY_FOLD = "each event is folded in Python, and rows go in and out of the table as JSON"


async def measure(stage: Stage) -> AsyncIterator[Row]:
    """Take events in, then fold them, beside nats-py that fetches and decodes the same."""
    servers, scale = await stage.servers(), stage.scale
    installation = await servers.install(PREFIX, service)
    share = scale.projected // scale.rounds
    raw = await raw_publish.connect(servers.nats.url("admin"))
    await raw.publish([raw_publish.frame(one) for one in envelopes(share * scale.rounds)])
    await raw.close()
    client = await wire.connect(servers.nats.url("admin"), "benchmark", "_INBOX")
    url = with_database(servers.admin_url, f"{PREFIX}_{service.role}")
    connection = await asyncpg.connect(url)
    async with installation.site(service) as site:
        own = await subscribed(site)
        intake, alone = Intake(site, service.name, keep), await _alone(client, "one")
        kept, limit = await alternating(
            scale.rounds, partial(taken_in, own, intake, share), partial(decoded, alone, share)
        )
        yield _row(f"{number(share)} events off the bus into history", kept, limit, WHY_INTAKE)
        alone = await _alone(client, "two")
        shown, limit = await alternating(
            scale.rounds, partial(folded, site, connection, share), partial(decoded, alone, share)
        )
        yield _row(f"{number(share)} events into the company list", shown, limit, WHY_FOLD)
    await client.close()
    await connection.close()


def _row(what: str, ours: list[Reading], limit: list[Reading], why: str) -> Row:
    ratio = rate_ratio(ours, limit)
    return Row(
        f"projection: {what}, checkpoint in the transaction",
        rate(middle(ours).per_second),
        f"nats-py fetch and decode: {rate(middle(limit).per_second)}",
        f"{ratio:.2f}",
        f"≥ {AIM}",
        ratio >= AIM,
        why,
    )


async def _alone(client: Client, name: str) -> Any:
    return await client.jetstream().pull_subscribe(
        wire.SUBJECTS,
        durable=name,
        stream=wire.STREAM,
        config=ConsumerConfig(ack_policy=AckPolicy.NONE),
    )


async def taken_in(subscription: Any, intake: Intake, share: int) -> Reading:
    """Take events in as the gateway does."""
    clock = asyncio.get_running_loop().time
    began, done = clock(), 0
    async with aclosing(batches(subscription)) as coming:
        async for messages in coming:
            await settle(intake, messages)
            done += len(messages)
            if done >= share:
                break
    return Reading(done / (clock() - began))


async def decoded(subscription: Any, share: int) -> Reading:
    """Fetch events, read envelope and event of each, and do nothing with them."""
    clock = asyncio.get_running_loop().time
    began, done = clock(), 0
    while done < share:
        wanted = min(BATCH_EVENTS, share - done)
        for message in await subscription.fetch(wanted, timeout=FETCH_SECONDS):
            envelope_from(message.headers, message.data)
            codec.event_from(codec.parse(message.data))
            done += 1
    return Reading(done / (clock() - began))


async def folded(site: Site, connection: Any, share: int) -> Reading:
    """Fold history as a projector does, that much further."""
    find = "SELECT position FROM projections WHERE name = $1"
    clock = asyncio.get_running_loop().time
    projector = Projector(site, (company_list,))
    before = await connection.fetchval(find, company_list.name)
    began, at = clock(), before
    while at < before + share:
        await projector.step()
        at = await connection.fetchval(find, company_list.name)
    return Reading((at - before) / (clock() - began))
