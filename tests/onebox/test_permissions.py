"""What each NATS user may do, and that it may do nothing else."""

import asyncio
import json
import os
import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import SplitResult, urlsplit

import nats
import pytest
from nats.aio.client import Client
from nats.errors import NoRespondersError
from nats.js.api import ConsumerConfig, StreamConfig

from chassis.consumer import consumer_config
from chassis.run import find
from chassis.stream import declare_stream
from onebox import permissions
from onebox.box import Onebox, Options
from onebox.nats import binary

SERVICES = list(permissions.CATEGORIES)
servers = pytest.mark.servers


class Watched:
    """A client, and what the server refused it."""

    def __init__(self, client: Client, refused: list[str]) -> None:
        self.client = client
        self._refused = refused

    async def is_refused(self, subject: str) -> bool:
        """Publish, and say whether the server refused."""
        self._refused.clear()
        await self.client.publish(subject, b"{}")
        await self.hear_out()
        return bool(self._refused)

    async def hear_out(self) -> None:
        """Wait until the server has answered everything that was sent.

        The first ping may overtake what the client still holds; the second cannot.
        """
        await self.client.flush()
        await self.client.flush()

    async def may_listen(self, subject: str, queue: str = "") -> bool:
        """Subscribe, and say whether the server allowed it."""
        self._refused.clear()
        subscription = await self.client.subscribe(subject, queue)
        await self.hear_out()
        allowed = not self._refused
        if allowed:
            await subscription.unsubscribe()
        return allowed


@pytest.fixture
async def box(tmp_path: Path) -> AsyncIterator[Onebox]:
    home = tmp_path / "home"
    options = Options(services=(), database_url="postgresql://not-needed")
    async with Onebox(home, options) as running:
        await declare_stream(running.urls["nats"])
        yield running


@asynccontextmanager
async def as_service(box: Onebox, user: str) -> AsyncIterator[Watched]:
    refused: list[str] = []

    async def note(error: Exception) -> None:
        refused.append(str(error))

    client = await nats.connect(
        box.nats_url(user), inbox_prefix=permissions.inbox(user).encode(), error_cb=note
    )
    try:
        yield Watched(client, refused)
    finally:
        await client.close()


@servers
async def test_a_service_publishes_its_own_events_and_nobody_elses(box: Onebox) -> None:
    everything = [c for categories in permissions.CATEGORIES.values() for c in categories]
    for service in SERVICES:
        async with as_service(box, service) as own:
            for category in everything:
                subject = f"evt.demo.{category}.1.something-happened"
                is_own = category in permissions.CATEGORIES[service]
                assert await own.is_refused(subject) is not is_own, (service, subject)
            assert await own.is_refused("evt.demo.1")


@servers
async def test_a_service_asks_and_answers_only_what_is_its_own(box: Onebox) -> None:
    subjects = ("companies.command.company", "enrichment.query.search-registry")
    for service in SERVICES:
        async with as_service(box, service) as own:
            for subject in subjects:
                asks = service == "gateway"
                answers = subject.startswith(f"{service}.")
                assert await own.is_refused(subject) is not asks, (service, subject)
                assert await own.may_listen(subject, service) is answers, (service, subject)


@servers
async def test_a_service_hears_neither_events_nor_answers_to_others(box: Onebox) -> None:
    for service in SERVICES:
        async with as_service(box, service) as own:
            for subject in (">", "evt.>", "_INBOX.>", "$JS.>", "$SYS.>", "*.command.>"):
                assert not await own.may_listen(subject), (service, subject)
            for other in SERVICES:
                allowed = await own.may_listen(f"{permissions.inbox(other)}.>")
                assert allowed is (service == other), (service, other)
                assert await own.is_refused(f"{permissions.inbox(other)}.1"), (service, other)


@servers
async def test_heads_and_requests_to_publish_again_go_the_right_way(box: Onebox) -> None:
    for service in SERVICES:
        is_source = bool(permissions.CATEGORIES[service])
        async with as_service(box, service) as own:
            assert await own.may_listen("head.*")
            for other in SERVICES:
                itself = other == service
                assert await own.is_refused(f"head.{other}") is not (itself and is_source)
                assert not await own.is_refused(f"relay.{other}.republish")
                listens = await own.may_listen(f"relay.{other}.republish")
                assert listens is (itself and is_source), (service, other)


@servers
async def test_a_service_works_off_its_own_consumer(box: Onebox) -> None:
    async with as_service(box, "companies") as own:
        jetstream = own.client.jetstream()
        await jetstream.publish("evt.demo.company.1.company-created", b"{}")
    for service in SERVICES:
        async with as_service(box, service) as own:
            jetstream = own.client.jetstream()
            config = replace(consumer_config(find(service)), filter_subjects=["evt.>"])
            await jetstream.add_consumer("EVENTS", config)
            subscription = await jetstream.pull_subscribe_bind(durable=service, stream="EVENTS")
            (message,) = await subscription.fetch(1, timeout=2)
            await message.ack_sync()
            info = await jetstream.consumer_info("EVENTS", service)
            assert info.ack_floor
            assert info.ack_floor.stream_seq == 1
            info = await jetstream.add_consumer("EVENTS", consumer_config(find(service)))
            assert info.config.filter_subjects


@servers
async def test_a_service_manages_no_stream_and_no_other_consumer(box: Onebox) -> None:
    admin = await nats.connect(box.urls["nats"])
    await admin.jetstream().publish("evt.demo.company.1.company-created", b"{}")
    for service in SERVICES:
        await admin.jetstream().add_consumer("EVENTS", consumer_config(find(service)))
    before = await admin.jetstream().stream_info("EVENTS")
    for service in SERVICES:
        async with as_service(box, service) as own:
            for subject in forbidden(service):
                assert await own.is_refused(subject), (service, subject)
    after = await admin.jetstream().stream_info("EVENTS")
    assert (after.config, after.state.messages) == (before.config, 1)
    await admin.close()


def forbidden(service: str) -> list[str]:
    """Return subjects of JetStream's interface that no service may use."""
    other = next(name for name in SERVICES if name != service)
    return [
        *(f"$JS.API.STREAM.{verb}.EVENTS" for verb in ("PURGE", "DELETE", "UPDATE", "CREATE")),
        *(f"$JS.API.STREAM.{verb}.EVENTS" for verb in ("SNAPSHOT", "RESTORE", "MSG.DELETE")),
        *(f"$JS.API.STREAM.{verb}.EVENTS" for verb in ("MSG.GET", "PEER.REMOVE")),
        *("$JS.API.STREAM.CREATE.OTHER", "$JS.API.STREAM.LIST", "$JS.API.STREAM.NAMES"),
        *("$JS.API.DIRECT.GET.EVENTS", "$JS.API.ACCOUNT.PURGE.KUNDVAKT"),
        *(f"$JS.API.CONSUMER.DELETE.EVENTS.{name}" for name in (service, other)),
        *(f"$JS.API.CONSUMER.{verb}.EVENTS.{other}" for verb in ("CREATE", "MSG.NEXT", "INFO")),
        f"$JS.API.CONSUMER.DURABLE.CREATE.EVENTS.{other}",
        f"$JS.API.CONSUMER.PAUSE.EVENTS.{service}",
        f"$JS.ACK.EVENTS.{other}.1.1.1.1.0",
        "$SYS.REQ.SERVER.PING",
    ]


@servers
async def test_an_answer_goes_back_to_the_asker_once(box: Onebox) -> None:
    async with as_service(box, "companies") as companies, as_service(box, "gateway") as gateway:

        async def answer(message: Any) -> None:
            await message.respond(b"yes")

        await companies.client.subscribe("companies.command.company", "companies", answer)
        await companies.hear_out()
        reply = await gateway.client.request("companies.command.company", b"?", timeout=2)
        assert reply.data == b"yes"
        with pytest.raises(NoRespondersError):
            await gateway.client.request("enrichment.query.search-registry", b"?", timeout=2)


@servers
async def test_nobody_comes_in_without_a_password(box: Onebox) -> None:
    right = urlsplit(box.nats_url("gateway"))
    assert await greeting(right, right.username, right.password) == "PONG"
    for user, password in ((None, None), ("gateway", "guess"), ("admin", ""), ("system", "system")):
        assert "Authorization Violation" in await greeting(right, user, password)


async def greeting(server: SplitResult, user: str | None, password: str | None) -> str:
    """Return what the server first says to somebody who gives a name and a password."""
    reader, writer = await asyncio.open_connection(server.hostname, server.port)
    try:
        await reader.readline()
        who = json.dumps({"user": user, "pass": password, "verbose": False, "pedantic": False})
        writer.write(f"CONNECT {who}\r\nPING\r\n".encode())
        return (await reader.readline()).decode().strip()
    finally:
        writer.close()
        await writer.wait_closed()


@servers
async def test_the_administrator_manages_streams(box: Onebox) -> None:
    admin = await nats.connect(box.urls["nats"])
    jetstream = admin.jetstream()
    await jetstream.add_stream(StreamConfig(name="OTHER", subjects=["other.>"]))
    await jetstream.add_consumer("OTHER", ConsumerConfig(durable_name="one"))
    await jetstream.delete_stream("OTHER")
    await admin.close()


def test_the_deployed_configuration_is_written_from_the_table() -> None:
    root = Path(__file__).parents[2]
    written = (root / "deploy" / "nats" / "nats.conf").read_text()
    assert written == permissions.deployed(), "run: make nats"


def test_the_deployed_configuration_is_one_that_the_server_takes() -> None:
    root = Path(__file__).parents[2]
    users = (*SERVICES, permissions.ADMIN, permissions.SYSTEM)
    environment = {permissions.password_variable(user): f"k{user}" for user in users}
    environment |= {"KUNDVAKT_NATS_SERVER_NAME": "n1", "PATH": os.environ["PATH"]}
    checked = subprocess.run(  # noqa: S603 - our own program
        [binary(), "-t", "-c", root / "deploy" / "nats" / "nats.conf"],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert checked.returncode == 0, checked.stderr
