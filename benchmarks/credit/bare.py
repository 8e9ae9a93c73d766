"""A bare watch beside ours: it reads, publishes and streams, and understands nothing of it.

It asks the same bureau as often, publishes each thing on the same JetStream, and tells it from
there as server-sent events. It decides nothing, keeps nothing and buys nothing it was not told to.
"""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Sequence
from contextlib import asynccontextmanager, suppress
from typing import Any

import httpx2
from nats.js.api import ConsumerConfig, DeliverPolicy, StorageType, StreamConfig

from chassis import wire

STREAM, SUBJECT = "BARE", "bare.told"
HANDS = 6
"""Companies in hand at a time, as in our worker."""
PAGE_SIZE = 1000
HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close\r\n\r\n"
DONE = {200, 201, 204, 409}


class Bare:
    """One account at the bureau, one stream, and whoever listens."""

    def __init__(self, bureau: httpx2.AsyncClient, stream: Any, every: float) -> None:
        self._bureau = bureau
        self._stream = stream
        self._every = every
        self._listeners: set[asyncio.StreamWriter] = set()
        self.readings = 0
        self.calls = 0

    async def log_in(self) -> None:
        """Log in, for as long as the token lasts, which is longer than a measure."""
        wish = {"username": "demo", "password": "demo"}
        answer = await self._bureau.post("/v1/authenticate", json=wish)
        self._bureau.headers["Authorization"] = (
            f"Bearer {answer.raise_for_status().json()['token']}"
        )

    async def call(self, method: str, path: str, **more: Any) -> Any:
        """Ask the bureau something; return what it says."""
        self.calls += 1
        answer = await self._bureau.request(method, f"/v1/{path}", **more)
        if answer.status_code not in DONE:
            answer.raise_for_status()
        return answer.json() if answer.content else None

    async def read_for_ever(self) -> None:
        """Read notifications as often as we do, and publish each that is new."""
        seen: set[int] = set()
        since: dict[str, str] = {}
        is_first = True
        while True:
            asked = {"sortBy": "eventId", "sortDir": "asc", "pageSize": PAGE_SIZE, **since}
            told = (await self.call("GET", "monitoring/notificationEvents", params=asked))["data"]
            self.readings += 1
            for one in (one for one in told if one["notificationEventId"] not in seen):
                seen.add(one["notificationEventId"])
                since = {"startDate": one["processedDate"], "filterByCreatedDate": "true"}
                if not is_first:
                    await self.publish({"event": "notified", "id": one["company"]["id"]})
            is_first = False
            await asyncio.sleep(self._every)

    async def publish(self, said: dict[str, Any]) -> None:
        """Publish something; it is on disk when this returns."""
        await self._stream.publish(SUBJECT, json.dumps(said).encode())

    async def tell(self, message: Any) -> None:
        """Tell everybody who listens."""
        event = json.loads(message.data)["event"].encode()
        for listener in self._listeners:
            listener.write(b"event: " + event + b"\ndata: " + message.data + b"\n\n")

    async def listened(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Take a listener on."""
        await reader.readuntil(b"\r\n\r\n")
        writer.write(HEAD)
        self._listeners.add(writer)

    async def reports(self, references: Sequence[str]) -> None:
        """Buy a report on each and publish it, several at once."""

        async def one(reference: str) -> None:
            asked = {"language": "en", "template": "full", "callRef": "bare"}
            await self.call("GET", f"companies/{reference}", params=asked)
            await self.publish({"event": "reported", "id": reference})

        await at_once(one, references)

    async def watch(self, numbers: Sequence[str]) -> None:
        """Search for each, buy a report and put it into a portfolio, which then goes away."""
        wish = {"name": "bare", "isDefault": False}
        made = await self.call("POST", "monitoring/portfolios", json=wish)
        portfolio = f"monitoring/portfolios/{made['portfolioId']}"

        async def one(number: str) -> None:
            asked = {"countries": "SE", "regNo": number}
            found = await self.call("GET", "companies", params=asked)
            reference = found["companies"][0]["id"]
            await self.call("GET", f"companies/{reference}", params={"callRef": "bare"})
            wish = {"id": reference, "personalReference": number}
            await self.call("POST", f"{portfolio}/companies", json=wish)
            await self.publish({"event": "watched", "id": reference})

        await at_once(one, numbers)
        await self.call("DELETE", portfolio)


async def at_once(act: Callable[[str], Awaitable[None]], things: Iterable[str]) -> None:
    """Do something with each, as many at a time as there are hands."""
    left = iter(things)

    async def hand() -> None:
        for thing in left:
            await act(thing)

    await asyncio.gather(*(hand() for _ in range(HANDS)))


@asynccontextmanager
async def bare_watch(
    bureau_url: str, nats_url: str, every: float
) -> AsyncIterator[tuple[Bare, httpx2.AsyncClient]]:
    """Let a bare watch run; yields it, and a client that may listen to it."""
    nats = await wire.connect(nats_url, "benchmark", "_INBOX")
    stream = nats.jetstream()
    await stream.add_stream(StreamConfig(name=STREAM, subjects=[SUBJECT], storage=StorageType.FILE))
    async with httpx2.AsyncClient(base_url=bureau_url, timeout=30) as bureau:
        bare = Bare(bureau, stream, every)
        await bare.log_in()
        config = ConsumerConfig(deliver_policy=DeliverPolicy.ALL)
        await stream.subscribe(SUBJECT, cb=bare.tell, config=config)
        server = await asyncio.start_server(bare.listened, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        reading = asyncio.create_task(bare.read_for_ever())
        try:
            async with httpx2.AsyncClient(base_url=f"http://127.0.0.1:{port}") as listener:
                yield bare, listener
        finally:
            reading.cancel()
            with suppress(asyncio.CancelledError):
                await reading
            server.close()
            await stream.delete_stream(STREAM)
            await nats.close()
