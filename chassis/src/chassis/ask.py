"""Asking another service over NATS: again with the same id until an answer comes or time is up.

Asking again is for what got lost. Where more is asked than can be answered in time, everything
asked twice would be twice as much, for as long as anybody asks: so repeats are few, and commands
under way too.
"""

import asyncio
import time
from collections import deque
from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager, nullcontext, suppress
from itertools import chain, repeat
from typing import TypeVar

import structlog
from nats.aio.client import Client
from nats.errors import Error as NatsError
from pydantic import BaseModel

from chassis import codec, metrics, tracing, wire
from chassis.decider import Rejected
from chassis.problems import PASSING
from chassis.repeats import Repeats
from chassis.turns import Turns
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
COMMANDS_MAX = 128
"""Under way at once: twice what a process decides on at the same time, and answered within a second
where a hundred and thirty are decided on in one."""
SILENT_SECONDS_MAX = 5.0
"""Who answers nobody for longer is too busy rather than out of reach: a way around a lost server is
found within two, and answers that come too late are heard by nobody."""
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
        self._repeats = Repeats()
        self._commands, self._queries = Turns(COMMANDS_MAX), nullcontext()
        self._heard: dict[str, float] = {}
        """When each service last answered anybody here; until it does, when it was first asked."""

    async def command(self, service: str, command: Command) -> Answer:
        """Ask for something to be done; raises `Rejected` or `Unavailable`."""
        subject = f"{service}.command.{command.aggregate}"
        body = codec.to_bytes(command)
        heard = await self._until_answered(subject, body, self._commands.taken())
        reply = codec.message_from(heard, Reply)
        if reply.answer is None:
            raise Unavailable
        return reply.answer

    async def query(self, service: str, query: Query, form: type[M]) -> M:
        """Ask a question; raises `Rejected` or `Unavailable`."""
        subject = f"{service}.query.{type(query).model_fields['type'].default}"
        body = await self._until_answered(subject, codec.to_bytes(query), self._queries)
        found = codec.parse(body)
        if "problem" in found:
            self._refuse(codec.message_from(body, Reply))
        return codec.message_from(body, form)

    async def tell(self, service: str, query: Query) -> None:
        """Tell all processes of a service something that none of them answers."""
        subject = f"{service}.query.{type(query).model_fields['type'].default}"
        with suppress(NatsError, OSError):
            await self._lines[0].publish(subject, codec.to_bytes(query))

    async def _until_answered(
        self, subject: str, body: bytes, turn: AbstractAsyncContextManager[None]
    ) -> bytes:
        """Ask in its turn until there is an answer."""
        if len(body) > wire.BODY_BYTES_MAX:
            raise Rejected("too-large", "This is more than one request may carry.")
        attempts = _Attempts(subject, body, self._deadline)
        self._heard.setdefault(attempts.service, time.monotonic())
        try:
            async with asyncio.timeout(self._deadline), turn:
                return await self._answered(attempts)
        except TimeoutError:
            log.warning("no answer", subject=subject)
            raise (attempts.refusal or Unavailable()) from None
        finally:
            attempts.end()

    async def _answered(self, attempts: "_Attempts") -> bytes:
        """Ask again and again; of refusals, those of a passing kind are kept for the end."""
        pauses = chain(PAUSE_SECONDS, repeat(PAUSE_SECONDS[-1]))
        silent = 0
        while True:
            attempts.begin(self._lines_for(attempts, silent))
            answer = await attempts.heard(FURTHER_SECONDS if silent else ATTEMPT_SECONDS)
            if answer is None:
                silent += 1
                self._put_back(attempts.tried[-1])
            else:
                silent = 0
                self._note_answer(attempts)
                try:
                    self._refuse(_reply(answer))
                except Rejected as refusal:
                    if refusal.code not in AGAIN:
                        raise
                    attempts.refusal = refusal
                else:
                    return answer
            await asyncio.sleep(next(pauses))

    def _lines_for(self, attempts: "_Attempts", silent: int) -> Sequence[Client]:
        """Return the first line, then another, then all: as far as repeats go round.

        Through all of them only in the end: many copies of everything help nobody who is busy.
        """
        lines = list(self._lines)
        if silent < EVERYWHERE_AFTER:
            lines = [next((line for line in lines if line not in attempts.tried), lines[0])]
        if self._costs_nothing(attempts):
            return lines
        return [line for line in lines if self._repeats.take()]

    def _costs_nothing(self, attempts: "_Attempts") -> bool:
        """Say whether asking again keeps nobody busy: the latest came to nothing, or to nobody.

        Of whom nothing at all was heard since, to anybody, is out of reach rather than busy, unless
        that lasts.
        """
        heard = self._heard[attempts.service]
        is_silent = heard < attempts.since and time.monotonic() - heard < SILENT_SECONDS_MAX
        return attempts.came_to_nothing or is_silent

    def _note_answer(self, attempts: "_Attempts") -> None:
        self._heard[attempts.service] = time.monotonic()
        self._repeats.answered()

    def _put_back(self, line: Client) -> None:
        """Let another line be the first: on this one something was lost.

        That one answers is no reason to make it the first. Whoever answers may have left another
        server that does not know it yet, and goes on sending there a share of what it is asked.
        """
        if self._lines[0] is line:
            self._lines.rotate(-1)

    @staticmethod
    def _refuse(reply: Reply) -> None:
        if reply.problem is not None:
            raise Rejected(reply.problem.code, reply.problem.message, **reply.problem.details)


class _Attempts:
    """All attempts at one question that may still be answered."""

    def __init__(self, subject: str, body: bytes, seconds: float) -> None:
        self.service = subject.partition(".")[0]
        self.refusal: Rejected | None = None
        self.since = 0.0
        self.tried: list[Client] = []
        self._asked = (subject, body, seconds)
        self._under_way: set[asyncio.Task[bytes | None]] = set()
        self._latest: set[asyncio.Task[bytes | None]] = set()

    @property
    def came_to_nothing(self) -> bool:
        """Say whether there is nothing of the latest that may still be answered."""
        return not self._latest

    def begin(self, lines: Sequence[Client]) -> None:
        """Ask once more, beside what is under way."""
        if lines:
            if self.tried:
                metrics.RETRIED.labels("ask").inc()
            self.since = time.monotonic()
            self.tried += lines
            self._latest = {asyncio.create_task(_through(line, *self._asked)) for line in lines}
            self._under_way |= self._latest

    async def heard(self, seconds: float) -> bytes | None:
        """Return the first answer to any; nothing in time, or once the latest came to nothing."""
        until = time.monotonic() + seconds
        while self._latest and (left := until - time.monotonic()) > 0:
            done, self._under_way = await asyncio.wait(
                self._under_way, timeout=left, return_when=asyncio.FIRST_COMPLETED
            )
            self._latest -= done
            answers = [answer for one in done if (answer := one.result()) is not None]
            if answers:
                return answers[0]
        return None

    def end(self) -> None:
        """Wait for none of them any more."""
        for one in self._under_way:
            one.cancel()


async def _through(line: Client, subject: str, body: bytes, seconds: float) -> bytes | None:
    """Ask through one line; no answer is no error."""
    if not line.is_connected:
        return None
    with tracing.span(f"ask {subject}"):
        headers = {"content-type": "application/json"}
        if parent := tracing.traceparent():
            headers["traceparent"] = parent
        try:
            message = await line.request(subject, body, timeout=seconds, headers=headers)
        except (NatsError, TimeoutError, OSError):
            return None
        return bytes(message.data)


def _reply(body: bytes) -> Reply:
    """Read what every answer has in common, whatever else it holds."""
    problem = codec.parse(body).get("problem")
    return Reply.model_validate({"problem": problem} if problem else {})
