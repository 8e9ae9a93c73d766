"""A TCP link between two programs that can be slow, silent in one direction, torn, or reset."""

import asyncio
import socket
import threading
from collections.abc import Coroutine
from contextlib import suppress
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Self, TypeVar

T = TypeVar("T")

READ_BYTES = 65_536
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
    latency_seconds: float = 0.0
    cut_after_bytes: int | None = None
    """A direction of a connection that has carried so much is torn, in the middle of a message."""
    connections: int = 0
    _writers: set[asyncio.StreamWriter] = field(default_factory=set)
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
        self.latency_seconds, self.cut_after_bytes = 0.0, None

    async def open(self) -> None:
        """Begin to take connections."""
        self._server = await asyncio.start_server(self._link, sock=self.listening)

    def close(self) -> None:
        """Take no more connections, and break those there are."""
        if self._server:
            self._server.close()
        self.heal()
        self.reset()

    def reset(self) -> None:
        """Break every connection at once; to be called in the proxy's own loop."""
        for writer in self._writers:
            writer.transport.abort()

    async def _link(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        try:
            far_reader, far_writer = await asyncio.open_connection(self.host, self.port)
        except OSError:
            writer.transport.abort()
            return
        both = {writer, far_writer}
        self._writers |= both
        try:
            await asyncio.gather(
                self._carry(reader, far_writer, "up"), self._carry(far_reader, writer, "down")
            )
        finally:
            self._writers -= both
            for one in both:
                one.transport.abort()

    async def _carry(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, direction: str
    ) -> None:
        carried = 0
        with suppress(OSError):
            while data := await reader.read(READ_BYTES):
                while not getattr(self, direction):  # noqa: ASYNC110 - set by another thread
                    await asyncio.sleep(LOOK_SECONDS)
                if self.latency_seconds:
                    await asyncio.sleep(self.latency_seconds)
                carried += len(data)
                limit = self.cut_after_bytes
                if limit is not None and carried > limit:
                    writer.write(data[: max(0, len(data) - (carried - limit))])
                    await writer.drain()
                    self.reset()
                    return
                writer.write(data)
                await writer.drain()
        writer.close()


class Links:
    """A thread that carries what goes through proxies, whoever else is busy."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._proxies: list[FaultProxy] = []

    def __enter__(self) -> Self:
        """Begin."""
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

    def reset(self, proxy: FaultProxy) -> None:
        """Break every connection of a link at once."""
        self._loop.call_soon_threadsafe(proxy.reset)

    async def _end(self) -> None:
        for proxy in self._proxies:
            proxy.close()
        links = asyncio.all_tasks() - {asyncio.current_task()}
        if links:
            await asyncio.wait(links, timeout=2)

    def _do(self, doing: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(doing, self._loop).result(10)
