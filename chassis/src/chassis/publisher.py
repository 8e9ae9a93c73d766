"""Windows of events put on the bus together, and waited for until every one is acknowledged."""

import asyncio
from collections.abc import Sequence
from contextlib import suppress

import orjson
from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.aio.subscription import Subscription

from chassis.failpoints import reach
from contracts.envelope import Envelope

ACK_SECONDS_MAX = 2.0
"""Without a single acknowledgement; a slow disk gives few, a stream without a leader none."""


class Unacknowledged(ConnectionError):
    """The bus did not take everything."""


class Publisher:
    """Publishes windows of events and waits until every one is acknowledged."""

    def __init__(self, connection: Client) -> None:
        self._nats = connection
        self._inbox = connection.new_inbox()
        self._waiting: set[str] = set()
        self._refused: list[str] = []
        self._all_in = asyncio.Event()

    async def open(self) -> Subscription:
        """Listen for acknowledgements."""
        return await self._nats.subscribe(self._inbox + ".*", cb=self._on_ack)

    async def publish(self, envelopes: Sequence[Envelope], suffix: str) -> None:
        """Publish in order; raises `Unacknowledged` unless all of it is kept by the bus.

        Repeating a window is harmless: the message id is the event's, and readers go by
        position. `suffix` makes the ids new where the bus is to take the events once more.
        """
        self._all_in.clear()
        self._refused.clear()
        self._waiting = {str(envelope.position) for envelope in envelopes}
        for envelope in envelopes:
            headers = envelope.headers()
            headers["Nats-Msg-Id"] = f"{envelope.id}{suffix}"
            await self._nats.publish(
                envelope.subject,
                envelope.data.encode(),
                reply=f"{self._inbox}.{envelope.position}",
                headers=headers,
            )
        reach("relay.published")
        await self._acknowledged()
        if self._refused:
            raise Unacknowledged(self._refused[0])

    async def _acknowledged(self) -> None:
        """Wait for all acknowledgements, as long as some come."""
        while not self._all_in.is_set():
            before = len(self._waiting)
            with suppress(TimeoutError):
                async with asyncio.timeout(ACK_SECONDS_MAX):
                    await self._all_in.wait()
            if before == len(self._waiting) and before:
                raise Unacknowledged(f"{before} without an answer")

    async def _on_ack(self, message: Msg) -> None:
        answer = orjson.loads(message.data or b"{}")
        # A full stream names itself in its refusal too.
        if "error" in answer or "stream" not in answer:
            self._refused.append(str(answer.get("error") or message.headers))
        self._waiting.discard(message.subject.rpartition(".")[2])
        if not self._waiting:
            self._all_in.set()
