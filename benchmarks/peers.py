"""What stands beside us: pgbench, psql and the library `eventsourcing`, as processes."""

import asyncio
import json
import os
import shutil
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import parse_qs, unquote, urlsplit

from benchmarks.rounds import Reading, reading
from onebox.postgres import binaries

MICROSECOND = 1e-6
LATENCY, SECONDS, FRACTION = 2, 4, 5
"""Columns of a transaction's line in pgbench's log."""
CONNECTED_A_SECOND = 40
"""pgbench counts connecting as part of the time it is given."""


class PeerMissing(RuntimeError):
    """The program is neither in the package nor on this machine."""


def program(name: str) -> str:
    """Return where a program of Postgres is."""
    packaged = binaries() / name
    found = str(packaged) if packaged.exists() else shutil.which(name)
    if found is None:
        raise PeerMissing(f"{name} is not here; on Debian: apt-get install postgresql-contrib")
    return found


def login(url: str) -> dict[str, str]:
    """Return a Postgres URL as the environment of libpq's programs."""
    parts = urlsplit(url)
    given = parse_qs(parts.query)
    return {
        "PGHOST": unquote(given["host"][0]) if "host" in given else str(parts.hostname),
        "PGPORT": given["port"][0] if "port" in given else str(parts.port),
        "PGUSER": str(parts.username),
        "PGPASSWORD": unquote(str(parts.password)),
        "PGDATABASE": parts.path.strip("/"),
    }


async def told_by(command: list[str], environment: Mapping[str, str]) -> str:
    """Run a program to its end; return what it wrote."""
    process = await asyncio.create_subprocess_exec(
        *command,
        env={**os.environ, **environment},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        out, err = await process.communicate()
    finally:
        if process.returncode is None:
            process.kill()
    if process.returncode:
        raise RuntimeError(f"{Path(command[0]).name}: {err.decode().strip()[-300:]}")
    return out.decode()


async def pgbench(
    url: str, script: str, values: Mapping[str, str], clients: int, seconds: float
) -> Reading:
    """Let pgbench repeat a prepared script; return how often, and how long each took."""
    with tempfile.TemporaryDirectory(prefix="kundvakt-") as folder:
        place = Path(folder)
        (place / "script.sql").write_text(script)
        whole = max(1, round(seconds)) + 1 + clients // CONNECTED_A_SECOND
        options = {
            "protocol": "prepared",
            "file": place / "script.sql",
            "client": clients,
            "jobs": min(clients, os.cpu_count() or 1),
            "time": whole,
            "log-prefix": place / "log",
        }
        words = [f"--{name}={value}" for name, value in options.items()]
        defined = [f"--define={name}={value}" for name, value in values.items()]
        await told_by(
            [program("pgbench"), "--no-vacuum", "--log", *words, *defined],
            login(url),
        )
        return _logged(place)


def _logged(place: Path) -> Reading:
    """Read how long each transaction took; time goes from the first to the last."""
    lines = [line for log in place.glob("log*") for line in log.read_text().splitlines()]
    columns = [line.split() for line in lines]
    ends = [int(line[SECONDS]) + int(line[FRACTION]) * MICROSECOND for line in columns]
    took = [int(line[LATENCY]) * MICROSECOND for line in columns]
    return reading(max(ends, default=0) - min(ends, default=0) or 1.0, took)


async def copied_out(url: str, query: str) -> float:
    """Let psql copy a query's rows to nowhere; return how many seconds it took."""
    began = asyncio.get_running_loop().time()
    copy = f"COPY ({query}) TO STDOUT"
    await told_by([program("psql"), "--quiet", "-c", rf"\o {os.devnull}", "-c", copy], login(url))
    return asyncio.get_running_loop().time() - began


async def library(url: str, threads: int, seconds: float) -> Reading:
    """Let the library `eventsourcing` save aggregates of one event each."""
    own = {f"POSTGRES_{name[2:]}": value for name, value in login(url).items()}
    own["POSTGRES_DBNAME"] = own.pop("POSTGRES_DATABASE")
    command = [sys.executable, "-m", "benchmarks.library", str(threads), str(seconds)]
    return Reading(**json.loads(await told_by(command, own)))
