"""Asking another service over NATS: again with the same id until an answer comes or time is up."""

import asyncio
import time
from collections import deque
from collections.abc import Sequence
from contextlib import suppress
from itertools import chain, repeat
from typing import TypeVar

import structlog
from nats.aio.client import Client
from nats.errors import Error as NatsError
from pydantic import BaseModel

from chassis import codec, metrics, tracing, wire
from chassis.decider import Rejected
from chassis.problems import PASSING
from contracts.message import Answer, Command, Query, Reply

log = structlog.get_logger()
M = TypeVar("M", bound=BaseModel)

ATTEMPT_SECONDS = 0.7
"""Until it is asked again: far above a command's usual few milliseconds. A late answer counts."""
FURTHER_SECONDS = 0.35
"""The same for what was asked in vain: whoever answers may just have come back, and five attempts
fit before the deadline."""
PAUSE_SECONDS = (0.05, 0.1, 0.2)
"""Between attempts when nobody is there to answer: longer each time, for many may be asking."""
EVERYWHERE_AFTER = 2
"""Attempts without an answer, each through another line."""
AGAIN = PASSING | {"failed", "unavailable"}
"""Refusals that say nothing of the wish: the same command may be answered the next time."""


class Unavailable(Exception):
    """Nobody answered in time; what was asked may or may not have been done."""


class Asker:
    """Asks commands and queries of the services that answer them."""

    def __init__(
        self, connection: Client, deadline_seconds: float, elsewhere: Sequence[Client] = ()
    ) -> None:
        """Ask through a connection or, with several servers, through a line to each of them.

        A server may be cut off from the others without noticing, and whoever answers may be on
        either side.
        """
        self._lines = deque(elsewhere or (connection,))
        self._deadline = deadline_seconds

    async def command(self, service: str, command: Command) -> Answer:
        """Ask for something to be done; raises `Rejected` or `Unavailable`."""
        subject = f"{service}.command.{command.aggregate}"
        reply = await self._until_answered(subject, codec.to_bytes(command))
        if reply.answer is None:
            raise Unavailable
        return reply.answer

    async def query(self, service: str, query: Query, form: type[M]) -> M:
        """Ask a question; raises `Rejected` or `Unavailable`."""
        subject = f"{service}.query.{type(query).model_fields['type'].default}"
        body = await self._raw_until_answered(subject, codec.to_bytes(query))
        found = codec.parse(body)
        if "problem" in found:
            self._refuse(codec.message_from(body, Reply))
        return codec.message_from(body, form)

    async def tell(self, service: str, query: Query) -> None:
        """Tell all processes of a service something that none of them answers."""
        subject = f"{service}.query.{type(query).model_fields['type'].default}"
        with suppress(NatsError, OSError):
            await self._lines[0].publish(subject, codec.to_bytes(query))

    async def _until_answered(self, subject: str, body: bytes) -> Reply:
        return codec.message_from(await self._raw_until_answered(subject, body), Reply)

    async def _raw_until_answered(self, subject: str, body: bytes) -> bytes:
        """Ask until there is an answer; the last refusal of a passing kind counts at the end."""
        if len(body) > wire.BODY_BYTES_MAX:
            raise Rejected("too-large", "This is more than one request may carry.")
        last: Rejected | None = None
        attempts = _Attempts(subject, body, self._deadline)
        try:
            async with asyncio.timeout(self._deadline):
                pauses = chain(PAUSE_SECONDS, repeat(PAUSE_SECONDS[-1]))
                silent = 0
                while True:
                    attempts.begin(self._lines_for(silent))
                    answer = self._kept(
                        await attempts.heard(FURTHER_SECONDS if silent else ATTEMPT_SECONDS)
                    )
                    silent += 1
                    if answer is not None:
                        silent = 0
                        try:
                            self._refuse(_reply(answer))
                        except Rejected as refusal:
                            if refusal.code not in AGAIN:
                                raise
                            last = refusal
                        else:
                            return answer
                    metrics.RETRIED.labels("ask").inc()
                    await asyncio.sleep(next(pauses))
        except TimeoutError:
            log.warning("no answer", subject=subject)
            raise (last or Unavailable()) from None
        finally:
            attempts.end()

    def _lines_for(self, silent: int) -> Sequence[Client]:
        """Return the line that answered last, then the next, then all.

        Through all of them only in the end: many copies of everything help nobody who is busy.
        """
        if silent < EVERYWHERE_AFTER:
            return [self._lines[silent % len(self._lines)]]
        return list(self._lines)

    def _kept(self, heard: tuple[Client, bytes] | None) -> bytes | None:
        """Return what was heard; the line that it came through is the first from now on."""
        if heard is None:
            return None
        line, answer = heard
        if line is not self._lines[0]:
            self._lines.remove(line)
            self._lines.appendleft(line)
        return answer

    @staticmethod
    def _refuse(reply: Reply) -> None:
        if reply.problem is not None:
            raise Rejected(reply.problem.code, reply.problem.message, **reply.problem.details)


class _Attempts:
    """All attempts at one question that may still be answered."""

    def __init__(self, subject: str, body: bytes, seconds: float) -> None:
        self._asked = (subject, body, seconds)
        self._under_way: set[asyncio.Task[tuple[Client, bytes | None]]] = set()
        self._latest: set[asyncio.Task[tuple[Client, bytes | None]]] = set()

    def begin(self, lines: Sequence[Client]) -> None:
        """Ask once more, beside what is under way."""
        self._latest = {asyncio.create_task(_through(line, *self._asked)) for line in lines}
        self._under_way |= self._latest

    async def heard(self, seconds: float) -> tuple[Client, bytes] | None:
        """Return the first answer to any; nothing in time, or once the latest came to nothing."""
        until = time.monotonic() + seconds
        while self._latest and (left := until - time.monotonic()) > 0:
            done, self._under_way = await asyncio.wait(
                self._under_way, timeout=left, return_when=asyncio.FIRST_COMPLETED
            )
            self._latest -= done
            for one in done:
                line, answer = one.result()
                if answer is not None:
                    return line, answer
        return None

    def end(self) -> None:
        """Wait for none of them any more."""
        for one in self._under_way:
            one.cancel()


async def _through(
    line: Client, subject: str, body: bytes, seconds: float
) -> tuple[Client, bytes | None]:
    """Ask through one line; no answer is no error."""
    if not line.is_connected:
        return line, None
    with tracing.span(f"ask {subject}"):
        headers = {"content-type": "application/json"}
        if parent := tracing.traceparent():
            headers["traceparent"] = parent
        try:
            message = await line.request(subject, body, timeout=seconds, headers=headers)
        except (NatsError, TimeoutError, OSError):
            return line, None
        return line, message.data


def _reply(body: bytes) -> Reply:
    """Read what every answer has in common, whatever else it holds."""
    problem = codec.parse(body).get("problem")
    return Reply.model_validate({"problem": problem} if problem else {})
