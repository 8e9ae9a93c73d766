"""`make run` on a fresh copy of the sources: from nothing to ready, and again with data."""

import asyncio
import os
import shutil
import signal
from collections.abc import AsyncIterator
from pathlib import Path

from benchmarks.peers import told_by
from benchmarks.row import Row
from benchmarks.stage import Stage
from onebox.addresses import free_port

HOUSE = Path(__file__).parents[2]
FIRST_SECONDS_AIM = 90
AGAIN_SECONDS_AIM = 10
SECONDS_MAX = 300.0
READY = b"ready "
WHY_FIRST = "most of it is downloading and installing packages"
WHY_AGAIN = "servers and four Python processes start on two cores, one stage after the other"


async def measure(stage: Stage) -> AsyncIterator[Row]:
    """Start, stop, start again; once, for installing is not to be repeated for a median."""
    await stage.clear()
    place = stage.home / "start"
    await copied(place)
    first = await started(place)
    again = await started(place)
    yield _row("make run, from nothing to ready", first, FIRST_SECONDS_AIM, WHY_FIRST)
    yield _row("make run, again with data", again, AGAIN_SECONDS_AIM, WHY_AGAIN)


def _row(name: str, seconds: float, aim: float, why: str) -> Row:
    said = f"{seconds:.1f} s"
    return Row(name, said, aim=f"≤ {aim} s", met=seconds <= aim, why=why)


async def copied(place: Path) -> None:
    """Copy what belongs to the project, and nothing that was installed or kept."""
    listed = await told_by(
        ["git", "-C", str(HOUSE), "ls-files", "--cached", "--others", "--exclude-standard"], {}
    )
    for name in listed.splitlines():
        if (HOUSE / name).is_file():
            (place / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(HOUSE / name, place / name)


async def started(place: Path) -> float:
    """Run until it is ready, then stop it; return how many seconds that took."""
    clock = asyncio.get_running_loop().time
    began = clock()
    process = await asyncio.create_subprocess_exec(
        *("make", "run"),
        cwd=place,
        env={**os.environ, "KUNDVAKT_HTTP_PORT": str(free_port()), "MAKEFLAGS": ""},
        stdout=asyncio.subprocess.PIPE,
        start_new_session=True,
    )
    assert process.stdout  # noqa: S101 - it was asked for
    try:
        async with asyncio.timeout(SECONDS_MAX):
            while not (line := await process.stdout.readline()).startswith(READY):
                if not line:
                    raise RuntimeError("make run ended by itself")
            took = clock() - began
            os.killpg(process.pid, signal.SIGINT)
            await process.wait()
    finally:
        if process.returncode is None:
            os.killpg(process.pid, signal.SIGKILL)
            await process.wait()
    return took
