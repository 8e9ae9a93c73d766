"""How the load is started: a process of its own, told by a job, ended with us."""

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import orjson

from benchmarks.found import Found
from benchmarks.rounds import Reading


@asynccontextmanager
async def process(*command: str, **environment: str) -> AsyncIterator[asyncio.subprocess.Process]:
    """Run a module of ours; it ends with the context."""
    started = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        *command,
        env=environment or None,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    try:
        yield started
    finally:
        if started.returncode is None:
            started.kill()
            await started.wait()


async def asked(kind: str, url: str, *keys: str, **job: Any) -> Found:
    """Let the load do a job; return what it found."""
    told = {"kind": kind, "url": url, "keys": keys, **job}
    async with process("benchmarks.load", orjson.dumps(told).decode()) as load:
        return await found_by(load)


async def found_by(load: asyncio.subprocess.Process) -> Found:
    """Return what the load found."""
    line = await heard(load)
    return Found(
        **{**line, "answered": Reading(**line["answered"]), "visible": Reading(**line["visible"])}
    )


async def heard(load: asyncio.subprocess.Process) -> dict[str, Any]:
    """Return the next line that a process says."""
    assert load.stdout  # noqa: S101 - it was asked for
    line = await load.stdout.readline()
    if not line:
        raise RuntimeError("the load ended by itself")
    told: dict[str, Any] = orjson.loads(line)
    return {name: _number(value) for name, value in told.items()}


def _number(value: Any) -> Any:
    """JSON has no word for what was not taken."""
    if isinstance(value, dict):
        return {name: float("nan") if one is None else one for name, one in value.items()}
    return value
