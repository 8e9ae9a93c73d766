"""Our watch and the bare one, side by side at one bureau."""

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

import httpx2

from benchmarks.credit import customers
from benchmarks.credit.bare import Bare, bare_watch
from benchmarks.credit.bureau import Bureau
from benchmarks.credit.stream import Heard
from benchmarks.processes import usage
from benchmarks.stage import Stage
from onebox.box import Onebox, Options

POLL_SECONDS = 1.0
"""As in `make run`; a deployment's usual minute is waited for, not worked for."""
TENANT = "watch"
COUNTED = re.compile(r'kundvakt_bureau_call_seconds_count\{.*call="(\w+)".*\} (\S+)')


@dataclass(frozen=True, slots=True)
class Watch:
    """Ours and the bare one, side by side at one bureau."""

    box: Onebox
    api: httpx2.AsyncClient
    bureau: Bureau
    heard: Heard
    bare: Bare
    told: Heard
    """What the bare one tells."""
    timed: int

    async def calls(self) -> dict[str, float]:
        """Return how many calls of each kind we have made of the bureau."""
        async with httpx2.AsyncClient() as client:
            page = (await client.get(f"{self.box.urls['credit-monitor']}/metrics")).text
        made: dict[str, float] = {}
        for name, count in COUNTED.findall(page):
            made[name] = made.get(name, 0) + float(count)
        return made

    def busy(self) -> float:
        """Return the seconds of a processor that our service has taken."""
        return usage(self.box.processes["credit-monitor"]).seconds


@asynccontextmanager
async def opened(stage: Stage) -> AsyncIterator[Watch]:
    """Start everything, listen to both streams, and say what a report costs."""
    options = Options(environment={"KUNDVAKT_CREDIT_POLL_SECONDS": str(POLL_SECONDS)})
    async with AsyncExitStack() as stack:
        box = await stack.enter_async_context(Onebox(stage.home / "credit", options))
        key = await stage.key_of(box, TENANT)
        api = await stack.enter_async_context(
            httpx2.AsyncClient(
                base_url=f"{box.urls['gateway']}/api/v1",
                headers={"Authorization": f"Bearer {key}"},
                timeout=30,
            )
        )
        url = box.urls["creditsafe"]
        control = await stack.enter_async_context(httpx2.AsyncClient(base_url=url, timeout=30))
        bare, listener = await stack.enter_async_context(
            bare_watch(url, box.nats_url("admin"), POLL_SECONDS)
        )
        watch = Watch(box, api, Bureau(control), Heard(), bare, Heard(), stage.scale.timed)
        streams = ((watch.heard, api, "/events"), (watch.told, listener, "/"))
        for heard, client, path in streams:
            listening = asyncio.create_task(heard.listen(client, path))
            stack.callback(listening.cancel)
            await heard.open.wait()
        await customers.priced(api)
        yield watch
