"""Keeps programs running: starts them again when they die, and stops them in reverse order."""

import asyncio
import signal
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from types import MappingProxyType

from onebox.home import Home
from onebox.problems import CannotRunError
from onebox.program import POLL_SECONDS, Child, Program
from onebox.terminal import say

BACK_OFF_SECONDS = (0.0, 0.0, 0.2, 0.5, 1.0)
"""The first two deaths are made good at once; a program that keeps dying gets ever more time."""
STEADY_SECONDS = 5.0
"""After a life this long, a death counts as the first again."""
READY_SECONDS_MAX = 60.0
"""Crash recovery and a first projection on a slow disk take less."""
TRIM_SECONDS = 10.0
STOP_SECONDS_MAX = 9.0
DEATH_SECONDS_MAX = 0.9
"""All of it within 10 s, whatever hangs: what the kernel itself holds on to is left to die."""


NO_FAILPOINTS: Mapping[str, str] = MappingProxyType({})


class NotReadyError(CannotRunError):
    """A program did not become ready."""


class Supervisor:
    """The programs of one home."""

    def __init__(self, home: Home, *, tell: Callable[[str], None] = say) -> None:
        self.urls: dict[str, str] = {}
        self._home = home
        self._tell = tell
        self._children: dict[str, Child] = {}
        self._stages: list[list[Child]] = []
        self._keepers: list[asyncio.Task[None]] = []

    @property
    def programs(self) -> list[str]:
        """Return the names of everything that was started."""
        return list(self._children)

    @property
    def processes(self) -> dict[str, int]:
        """Return the ids of the processes that run, by program."""
        return {name: child.pid for name, child in self._children.items() if child.running}

    async def start(
        self, programs: Iterable[Program], failpoints: Mapping[str, str] = NO_FAILPOINTS
    ) -> None:
        """Start programs together; return when all of them are ready.

        A failpoint is armed in a program's first process alone.
        """
        programs = tuple(programs)
        self._stages.append([self._launch(program, failpoints) for program in programs])
        for program in programs:
            await self.ready(program.name)

    async def ready(self, name: str, seconds_max: float = READY_SECONDS_MAX) -> None:
        """Wait until a program runs and says that it is ready."""
        child = self._children[name]
        try:
            async with asyncio.timeout(seconds_max):
                while not (child.running and await child.program.ready()):  # noqa: ASYNC110
                    await asyncio.sleep(POLL_SECONDS)
        except TimeoutError:
            raise NotReadyError(
                f"{name} is not ready after {seconds_max:.0f} s; its log {child.log} ends with\n"
                f"{child.last_words()}"
            ) from None

    async def restarted(self, name: str, before: int) -> int:
        """Wait until a program runs as another process than before; return its id."""
        async with asyncio.timeout(READY_SECONDS_MAX):
            while (pid := self.processes.get(name, before)) == before:  # noqa: ASYNC110
                await asyncio.sleep(POLL_SECONDS)
        return pid

    async def stop(self) -> None:
        """Stop everything, what was started last first."""
        for keeper in self._keepers:
            keeper.cancel()
        await asyncio.gather(*self._keepers, return_exceptions=True)
        deadline = asyncio.get_running_loop().time() + STOP_SECONDS_MAX
        for stage in reversed(self._stages):
            with suppress(TimeoutError):
                async with asyncio.timeout_at(deadline):
                    await asyncio.gather(*(child.stop() for child in stage))
        for child in self._children.values():
            child.signal(signal.SIGKILL)
        with suppress(TimeoutError):
            async with asyncio.timeout(DEATH_SECONDS_MAX):
                await asyncio.gather(*(child.ended() for child in self._children.values()))
        self._home.forget_run()

    def note(self) -> None:
        """Write down what runs where."""
        self._home.note_run(self.processes, self.urls)

    def kill(self, name: str, failpoint: str = "") -> int:
        """Kill a program's process without warning; return the id it had.

        A failpoint is armed in the next process alone.
        """
        child = self._children[name]
        child.once = {"KUNDVAKT_FAILPOINT": failpoint} if failpoint else {}
        child.deaths = 0  # this one is no sign of illness
        child.signal(signal.SIGKILL)
        return child.pid

    def _launch(self, program: Program, failpoints: Mapping[str, str]) -> Child:
        child = Child(program, self._home.logs / f"{program.name}.log")
        self._children[program.name] = child
        point = failpoints.get(program.name)
        child.once = {"KUNDVAKT_FAILPOINT": point} if point else {}
        self._keepers.append(asyncio.create_task(self._keep(child)))
        return child

    async def _keep(self, child: Child) -> None:
        """Run a program for ever."""
        clock = asyncio.get_running_loop().time
        while True:
            began = clock()
            try:
                await child.program.before()
                once, child.once = child.once, {}
                child.start(once)
                self.note()
                await self._watch(child)
            except Exception as error:  # noqa: BLE001 - whatever it was, the program is to run
                self._tell(f"{child.program.name} cannot be started: {error}")
            child.deaths = 1 if clock() - began > STEADY_SECONDS else child.deaths + 1
            pause = BACK_OFF_SECONDS[min(child.deaths, len(BACK_OFF_SECONDS)) - 1]
            when = f"in {pause:g} s" if pause else "at once"
            if pause:
                self.note()
            self._tell(f"{child.program.name} {child.ending}; starting it again {when}")
            await asyncio.sleep(pause)

    async def _watch(self, child: Child) -> None:
        """Wait for a process to end, and keep its log from growing for ever meanwhile."""
        while child.running:
            child.trim_log()
            with suppress(TimeoutError):
                async with asyncio.timeout(TRIM_SECONDS):
                    await child.ended()
