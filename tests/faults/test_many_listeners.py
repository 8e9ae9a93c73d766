"""Two thousand listeners of twenty tenants, some slow, and a gateway that dies under them."""

import asyncio
import re
from collections import Counter
from dataclasses import dataclass, field
from urllib.parse import urlsplit

import asyncpg
import httpx2
import pytest

from chassis.edge import new_id
from support.box import RunningBox
from support.faults.place import Place, place_of
from support.faults.quiet import quiet
from support.faults.tally import tally

pytestmark = [pytest.mark.servers, pytest.mark.faults, pytest.mark.timeout(900)]

TENANTS = 20
LISTENERS = 99
"""Of each tenant; with one more, as many as may listen to one gateway at once."""
EVENTS = 4
"""Said to each tenant before the gateway dies, and again afterwards."""
SLOW = 10
"""Every so manyth listener reads nothing for a while."""
SLOW_SECONDS = 3.0
WAIT_SECONDS_MAX = 300.0
OPENING = 50
"""Connections that are being opened at a time."""
CANARY = re.compile(r"canary[0-9a-f]{10}")


@dataclass(slots=True)
class Ear:
    """One listener: a bare connection, cheap enough to have thousands."""

    tenant: str
    key: str
    slow: bool = False
    forgets: bool = False
    """Begins anew each time: it hears things twice, which shows that the others might have."""
    ids: list[int] = field(default_factory=list)
    texts: set[str] = field(default_factory=set)
    visits: int = 0

    async def listen(self, gateway: str, opening: asyncio.Semaphore) -> None:
        """Listen until cancelled, going on after the last event that came."""
        where = urlsplit(gateway)
        while True:
            try:
                async with opening:
                    reader, writer = await asyncio.open_connection(where.hostname, where.port)
                try:
                    writer.write(self._request(where.netloc))
                    if b" 200 " in await reader.readline():
                        self.visits += 1
                        await self._read(reader)
                finally:
                    writer.transport.abort()
            except OSError:
                pass
            await asyncio.sleep(0.5)

    def _request(self, host: str) -> bytes:
        last = self.ids[-1] if self.ids and not self.forgets else 0
        return (
            f"GET /api/v1/events HTTP/1.1\r\nHost: {host}\r\nAuthorization: Bearer {self.key}\r\n"
            f"Last-Event-ID: {last}\r\nAccept: text/event-stream\r\n\r\n"
        ).encode()

    async def _read(self, reader: asyncio.StreamReader) -> None:
        if self.slow:
            await asyncio.sleep(SLOW_SECONDS)
        seen = 0
        while line := await reader.readline():
            if line.startswith(b"id: "):
                seen = int(line[4:])
            elif line.startswith(b"data: "):
                self.texts |= set(CANARY.findall(line.decode()))
            elif line in {b"\r\n", b"\n"} and seen:
                self.ids.append(seen)
                seen = 0


async def say(place: Place, keys: dict[str, str], canaries: dict[str, str]) -> None:
    """Let something happen to every tenant."""
    async with httpx2.AsyncClient(timeout=30) as http:
        for tenant, key in keys.items():
            for _ in range(EVENTS):
                headers = {"Authorization": f"Bearer {key}", "Idempotency-Key": str(new_id())}
                body = {"name": f"{canaries[tenant]} {new_id()}"}
                url = f"{place.gateways[0]}/api/v1/departments"
                while True:
                    try:
                        answer = await http.post(url, json=body, headers=headers)
                    except httpx2.TransportError:
                        continue
                    if answer.status_code == 201:
                        break
                    await asyncio.sleep(0.2)


async def happened(place: Place) -> dict[str, list[int]]:
    """Return the places of each tenant's events."""
    connection = await asyncpg.connect(place.database("gateway"))
    try:
        rows = await connection.fetch("SELECT tenant_id, seq FROM history ORDER BY seq")
    finally:
        await connection.close()
    found: dict[str, list[int]] = {}
    for row in rows:
        found.setdefault(row["tenant_id"], []).append(row["seq"])
    return found


async def heard(ears: list[Ear], expected: dict[str, list[int]]) -> Counter[str]:
    """Wait until everybody heard everything; return how it stands."""
    async with asyncio.timeout(WAIT_SECONDS_MAX):
        while any(len(ear.ids) < len(expected[ear.tenant]) for ear in ears):  # noqa: ASYNC110
            await asyncio.sleep(0.5)
    return Counter("right" if ear.ids == expected[ear.tenant] else "wrong" for ear in ears)


async def test_two_thousand_listeners_hear_everything_once_whatever_becomes_of_the_gateway(
    drilled_box: RunningBox,
) -> None:
    place = place_of(drilled_box)
    names = [f"l-{new_id().hex[-12:]}" for _ in range(TENANTS)]
    keys = await place.keys(names)
    canaries = {name: f"canary{new_id().hex[-10:]}" for name in names}
    ears = [Ear(name, keys[name], slow=not n % SLOW) for name in names for n in range(LISTENERS)]
    forgetful = Ear(names[0], keys[names[0]], forgets=True)
    opening = asyncio.Semaphore(OPENING)
    tasks = [
        asyncio.create_task(ear.listen(place.gateways[0], opening)) for ear in (*ears, forgetful)
    ]
    try:
        await say(place, keys, canaries)
        await quiet(place)
        assert await heard(ears, await happened(place)) == {"right": len(ears)}
        await asyncio.to_thread(drilled_box.restart, "gateway")
        tally.injected("kill")
        await say(place, keys, canaries)
        await quiet(place)
        assert await heard(ears, await happened(place)) == {"right": len(ears)}
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    assert len(forgetful.ids) > len(set(forgetful.ids))
    assert min(ear.visits for ear in ears) >= 2
    assert all(ear.texts == {canaries[ear.tenant]} for ear in ears)
