"""A TCP link between two programs that can fall silent in either direction."""

import asyncio
import socket
import sys
import threading
from collections.abc import Coroutine
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Self, TypeVar

import uvloop

T = TypeVar("T")

TURN_SECONDS = 0.001
"""How long another thread may keep what is on its way waiting; usually five times as long."""
LOOK_SECONDS = 0.02
"""How soon a silent direction notices that it may speak again."""


@dataclass(slots=True)
class FaultProxy:
    """One link: `up` is what the client says, `down` what the server answers.

    What is held back while a direction is silent goes on afterwards, as TCP would repeat it.
    """

    host: str
    port: int
    listening: socket.socket
    up: bool = True
    down: bool = True
    ends: set["_End"] = field(default_factory=set)
    _server: asyncio.Server | None = None

    @property
    def address(self) -> str:
        """Return where clients find it."""
        host, port = self.listening.getsockname()
        return f"{host}:{port}"

    def silence(self) -> None:
        """Let nothing through either way; whoever talks is not told."""
        self.up = self.down = False

    def heal(self) -> None:
        """Let everything through again."""
        self.up = self.down = True

    async def open(self) -> None:
        """Begin to take connections."""
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(lambda: _End(self, "up"), sock=self.listening)

    def close(self) -> None:
        """Take no more connections, and break those there are."""
        if self._server:
            self._server.close()
        self.heal()
        for end in self.ends:
            end.transport.abort()


class _End(asyncio.Protocol):
    """One end of a connection: what comes from there goes to the far end."""

    def __init__(self, proxy: FaultProxy, direction: str, far: "_End | None" = None) -> None:
        self.transport: Any = None
        self._proxy = proxy
        self._direction = direction
        self._far = far
        self._held: list[bytes] = []
        self._waiting: asyncio.Task[None] | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Lead a client's connection on to the server."""
        self.transport = transport
        self._proxy.ends.add(self)
        if self._far is None:
            self._hold()

    def data_received(self, data: bytes) -> None:
        """Carry on what came, at once where nothing stands in its way."""
        if self._waiting is None and self._far and self._may_speak():
            self._far.say(data)
        else:
            self._held.append(data)
            self._hold()

    def connection_lost(self, _error: Exception | None) -> None:
        """Hang up at the far end too; that this one is gone is something that is said."""
        self._proxy.ends.discard(self)
        self._hold()

    def pause_writing(self) -> None:
        """Read no faster than this end does."""
        if self._far:
            self._far.listen(on=False)

    def resume_writing(self) -> None:
        """Go on reading."""
        if self._far:
            self._far.listen(on=True)

    def say(self, data: bytes) -> None:
        """Say something to whoever is at this end."""
        if not self.transport.is_closing():
            self.transport.write(data)

    def listen(self, *, on: bool) -> None:
        """Read on, unless something is held back, or read nothing for now."""
        if self.transport.is_closing():
            return
        if not on:
            self.transport.pause_reading()
        elif self._waiting is None:
            self.transport.resume_reading()

    def _may_speak(self) -> bool:
        return self._proxy.up if self._direction == "up" else self._proxy.down

    def _hold(self) -> None:
        """Read nothing more until what is held back has been carried on."""
        self.listen(on=False)
        if self._waiting is None:
            self._waiting = asyncio.get_running_loop().create_task(self._carry())

    async def _carry(self) -> None:
        """Carry on what is held back as soon as that is allowed, and the end of it all."""
        self._far = self._far or await self._led_on()
        while not self._may_speak():  # noqa: ASYNC110 - allowed by another thread
            await asyncio.sleep(LOOK_SECONDS)
        held, self._held, self._waiting = self._held, [], None
        if self._far is None:
            self.transport.abort()
            return
        self._far.say(b"".join(held))
        if self.transport.is_closing():
            self._far.transport.close()
        else:
            self.listen(on=True)

    async def _led_on(self) -> "_End | None":
        """Connect to the server."""
        loop, proxy = asyncio.get_running_loop(), self._proxy
        try:
            _, far = await loop.create_connection(
                lambda: _End(proxy, "down", self), proxy.host, proxy.port
            )
        except OSError:
            return None
        return far


class Links:
    """A thread that carries what goes through proxies, whoever else is busy."""

    def __init__(self) -> None:
        self._loop = uvloop.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True, name="links")
        self._proxies: list[FaultProxy] = []

    def __enter__(self) -> Self:
        """Begin; whoever else is busy in this process lets us in soon."""
        sys.setswitchinterval(TURN_SECONDS)
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Break all links."""
        self._do(self._end())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(5)
        self._loop.close()

    def to(self, port: int, host: str = "127.0.0.1") -> FaultProxy:
        """Return a new link that leads to a server."""
        listening = socket.create_server(("127.0.0.1", 0), backlog=256)
        proxy = FaultProxy(host, port, listening)
        self._do(proxy.open())
        self._proxies.append(proxy)
        return proxy

    async def _end(self) -> None:
        for proxy in self._proxies:
            proxy.close()
        left = asyncio.all_tasks() - {asyncio.current_task()}
        if left:
            await asyncio.wait(left, timeout=2)

    def _do(self, doing: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(doing, self._loop).result(10)
