"""The load: a process of its own that asks the gateway, bounded in number and in time.

`python -m benchmarks.load <job as JSON>`; prints what it found as JSON.
"""

import asyncio
import sys
import time
from collections.abc import Awaitable, Callable
from dataclasses import asdict, dataclass, field
from itertools import cycle
from typing import Any

import orjson
import uvloop

from benchmarks.api import Api
from benchmarks.found import Found, Taken
from benchmarks.rounds import reading
from benchmarks.typists import type_on

CREATED = 201
FOUND = 200
PATH = "/api/v1/companies"
BODY = {"name": "Sjöviks Snickeri AB", "country": "SE", "relations": ["other"]}
LATE_SECONDS_MAX = 10.0


async def create(api: Api, taken: Taken) -> str | None:
    """Create a company; return its id, if it was created."""
    began = time.perf_counter()
    status, answer = await api.post(PATH, BODY)
    if status != CREATED:
        taken.failed += 1
        return None
    taken.answered.append(time.perf_counter() - began)
    taken.position = max(taken.position, answer["position"])
    return f"{PATH}/{answer['company_id']}?after={answer['position']}"


async def create_and_see(api: Api, taken: Taken) -> None:
    """Create a company, and read it as soon as it shows."""
    began = time.perf_counter()
    place = await create(api, taken)
    status = 0
    while place and status != FOUND and time.perf_counter() - began < LATE_SECONDS_MAX:
        status, _ = await api.get(place)
    if status == FOUND:
        taken.visible.append(time.perf_counter() - began)
    elif place:
        taken.failed += 1


async def read(api: Api, taken: Taken, path: str) -> None:
    """Read a page."""
    began = time.perf_counter()
    status, _ = await api.get(path)
    if status == FOUND:
        taken.answered.append(time.perf_counter() - began)
    else:
        taken.failed += 1


async def flood(api: Api, job: dict[str, Any]) -> Found:
    """Create one company after the other on so many connections."""
    taken = Taken()
    ends = time.perf_counter() + job["seconds"]

    async def caller() -> None:
        while time.perf_counter() < ends:
            await create(api, taken)

    await asyncio.gather(*(caller() for _ in range(job["connections"])))
    return taken.found(job["seconds"])


async def paced(job: dict[str, Any], act: Callable[[Taken], Awaitable[None]]) -> Found:
    """Begin so many a second, however long each takes."""
    taken = Taken()
    clock = asyncio.get_running_loop().time
    begins, running = clock(), set[asyncio.Task[None]]()
    for n in range(round(job["rate"] * job["seconds"])):
        await asyncio.sleep(max(0.0, begins + n / job["rate"] - clock()))
        running.add(asyncio.ensure_future(act(taken)))
    done, late = await asyncio.wait(running, timeout=LATE_SECONDS_MAX)
    taken.failed += len(late) + sum(task.exception() is not None for task in done)
    return taken.found(job["seconds"])


@dataclass(slots=True)
class Listening:
    """Many connections that listen, and when each event came to each."""

    apis: list[Api]
    begun: dict[str, float] = field(default_factory=dict)
    heard: list[tuple[str, float]] = field(default_factory=list)
    open: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(0))
    turn: int = 0

    async def client(self, api: Api) -> None:
        """Listen for ever."""
        async for line in api.events():
            if line:
                company = orjson.loads(line)["data"]["company_id"]
                self.heard.append((company, time.perf_counter()))
            else:
                self.open.release()

    async def create(self, taken: Taken) -> None:
        """Create a company of the next tenant."""
        self.turn += 1
        began = time.perf_counter()
        place = await create(self.apis[self.turn % len(self.apis)], taken)
        if place:
            self.begun[place.removeprefix(PATH + "/").partition("?")[0]] = began

    def took(self) -> list[float]:
        """Return how long each event took to each client."""
        return [at - self.begun[company] for company, at in self.heard if company in self.begun]


async def listen(job: dict[str, Any]) -> Found:
    """Listen on many connections while companies are created; time each event at each client."""
    listening = Listening([Api(job["url"], key) for key in job["keys"]])
    each = job["listeners"] // len(listening.apis)
    clients = [
        asyncio.ensure_future(listening.client(api)) for api in listening.apis for _ in range(each)
    ]
    for _ in clients:
        await asyncio.wait_for(listening.open.acquire(), LATE_SECONDS_MAX)
    say({"listening": len(clients)})
    await asyncio.to_thread(sys.stdin.readline)
    found = await paced(job, listening.create)
    await asyncio.sleep(job["late_seconds"])
    for client in clients:
        client.cancel()
    ended = await asyncio.gather(*clients, return_exceptions=True)
    found.failed += sum(not isinstance(one, asyncio.CancelledError) for one in ended)
    found.visible = reading(job["seconds"], listening.took() or [LATE_SECONDS_MAX])
    return found


def say(told: dict[str, Any]) -> None:
    """Tell whoever started us."""
    sys.stdout.write(orjson.dumps(told).decode() + "\n")
    sys.stdout.flush()


async def main() -> None:
    """Do the job."""
    job = orjson.loads(sys.argv[1])
    api = Api(job["url"], job["keys"][0])
    match job["kind"]:
        case "flood":
            found = await flood(api, job)
        case "create":
            found = await paced(job, lambda taken: create_and_see(api, taken))
        case "type":
            found = await type_on(api, job)
        case "read":
            paths = cycle(job.get("paths") or [job["path"]])
            found = await paced(job, lambda taken: read(api, taken, next(paths)))
        case _:
            found = await listen(job)
    say(asdict(found))


if __name__ == "__main__":
    uvloop.run(main())
