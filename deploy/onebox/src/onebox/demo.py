"""A tenant to try things out with: companies come in from the registry, and what happens shows."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from itertools import cycle
from typing import Any

import httpx2

from chassis.edge import new_id
from chassis.postgres import open_pool
from contracts.companies.user import Role
from gateway.access.admin import add_key, add_tenant
from onebox.box import Onebox
from onebox.home import write_private
from onebox.probe import PLAIN
from onebox.tale import line
from onebox.terminal import say

TENANT = "demo"
API = "/api/v1"
COMPANIES_AT_FIRST = 12
COMPANIES_MAX = 60
FIRST_SECONDS = 0.5
LATER_SECONDS = 20.0
AGAIN_SECONDS = 1.0
REQUEST_SECONDS_MAX = 10.0
NAMES_MAX = 10_000
UNAUTHORIZED = 401
USER = {"name": "Anna Demo", "email": "anna@demo.example", "role": "user"}
BEGINNINGS = ("be", "fj", "ha", "no", "st", "ma", "sk", "an", "va", "li", "gr", "ka")
"""Typed into the search box one after the other; names in the sample begin in many ways."""


async def seed(box: Onebox) -> str:
    """Return the API key of the demo's tenant, made unless there is one that opens the door."""
    path = box.home.api_key
    if path.exists():
        key = path.read_text().strip()
        async with client(box, key) as known:
            if (await known.get("/companies", params={"limit": 1})).status_code != UNAUTHORIZED:
                return key
    pool = await open_pool(box.role_url("kundvakt_gateway", "kundvakt_gateway"), 1, "demo")
    try:
        await add_tenant(pool, TENANT, "Demo")
        key = await add_key(pool, TENANT, Role.ADMIN, "demo")
    finally:
        await pool.close()
    write_private(path, key + "\n")
    return key


def client(box: Onebox, key: str) -> httpx2.AsyncClient:
    """Return a client of the API that comes with a key."""
    return httpx2.AsyncClient(
        base_url=box.urls["gateway"] + API,
        headers={"Authorization": f"Bearer {key}"},
        timeout=REQUEST_SECONDS_MAX,
        trust_env=False,
        verify=PLAIN,
    )


async def show(box: Onebox, key: str) -> None:
    """Create companies now and then, and tell what happens, for ever."""
    try:
        async with client(box, key) as api, asyncio.TaskGroup() as group:
            group.create_task(Teller(api, say).tell())
            group.create_task(create_now_and_then(api))
    except Exception as error:  # noqa: BLE001 - whatever it is, it is no reason to stop the rest
        say(f"the demo ended by itself, the rest goes on: {error!r}")


class Teller:
    """Follows the live events and tells each in a line."""

    def __init__(self, api: httpx2.AsyncClient, tell: Callable[[str], None]) -> None:
        self._api = api
        self._tell = tell
        self._names: dict[str, str] = {}
        self._last = ""

    async def tell(self) -> None:
        """Follow for ever; after an interruption, go on where it was."""
        while True:
            with suppress(httpx2.HTTPError):
                await self._follow()
            await asyncio.sleep(AGAIN_SECONDS)

    async def _follow(self) -> None:
        since = {"Last-Event-ID": self._last} if self._last else {}
        async with self._api.stream("GET", "/events", headers=since, timeout=None) as response:
            response.raise_for_status()
            async for event in httpx2.EventSource(response):
                self._last = event.id or self._last
                if event.data:
                    document = json.loads(event.data)
                    name = await self._name(document["data"])
                    self._tell(line(event.event, document, name))

    async def _name(self, data: dict[str, Any]) -> str:
        """Return the name of the company an event is about."""
        company = data.get("company_id")
        if company is None:
            return ""
        if isinstance(data.get("name"), str):
            self._names[company] = data["name"]
        if company not in self._names:
            answer = await self._api.get(f"/companies/{company}")
            if not answer.is_success:
                return str(company)
            self._names[company] = answer.json()["name"]
        if len(self._names) > NAMES_MAX:
            self._names.clear()
        return self._names.get(company, str(company))


async def create_now_and_then(api: httpx2.AsyncClient) -> None:
    """Create the first companies at once, later ones slowly, and stop at a limit."""
    owner = await somebody(api)
    async for entry in entries(api):
        count = await _count(api)
        if count >= COMPANIES_MAX:
            return
        await create(api, entry, owner)
        await asyncio.sleep(FIRST_SECONDS if count < COMPANIES_AT_FIRST else LATER_SECONDS)


async def somebody(api: httpx2.AsyncClient) -> str:
    """Return the demo's one user, made unless there is one: whom its companies concern."""
    while True:
        with suppress(httpx2.HTTPError):
            known = await api.get("/users", params={"limit": 1})
            if known.is_success and known.json()["items"]:
                return str(known.json()["items"][0]["user_id"])
            # Asked again it is the same user.
            made = await api.post("/users", json=USER, headers={"Idempotency-Key": USER["email"]})
            if made.is_success:
                return str(made.json()["user_id"])
        await asyncio.sleep(AGAIN_SECONDS)


async def create(api: httpx2.AsyncClient, entry: dict[str, Any], owner: str) -> None:
    """Create a company from a registry entry: asked again, with the same key, until answered."""
    body = {
        "registry": {key: entry[key] for key in ("country", "organisation_number")},
        "relations": ["customer"],
        "owners": [owner],
    }
    once = {"Idempotency-Key": str(new_id())}
    answer = None
    while answer is None or answer.is_server_error:
        with suppress(httpx2.HTTPError):
            answer = await api.post("/companies", json=body, headers=once)
            if not answer.is_server_error:
                return
        await asyncio.sleep(AGAIN_SECONDS)


async def entries(api: httpx2.AsyncClient) -> AsyncIterator[dict[str, Any]]:
    """Yield companies that are in the registry, active, and not yet the tenant's."""
    for letters in cycle(BEGINNINGS):
        found: list[dict[str, Any]] = []
        with suppress(httpx2.HTTPError):
            answer = await api.get("/registry/companies", params={"q": letters, "limit": 50})
            found = answer.json()["items"] if answer.is_success else []
        fresh = [
            one
            for one in found
            if one["active"] and not one["parent"] and not one.get("company_id")
        ]
        if fresh:
            yield fresh[0]
        else:
            await asyncio.sleep(AGAIN_SECONDS)


async def _count(api: httpx2.AsyncClient) -> int:
    with suppress(httpx2.HTTPError):
        answer = await api.get("/companies", params={"limit": 1})
        if answer.is_success:
            return int(answer.json()["count"])
    return 0
