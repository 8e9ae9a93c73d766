"""What work costs: the processor time it takes here, in programs it starts, and in Postgres."""

import os
import resource
from pathlib import Path
from typing import Any

MICROSECONDS = 1e6
USER, SYSTEM = 11, 12
"""Fields of /proc/<pid>/stat after the program's name."""


def here() -> float:
    """Return the seconds of a processor that this process has taken."""
    return sum(resource.getrusage(resource.RUSAGE_SELF)[:2])


def below() -> float:
    """Return the seconds of a processor that programs started here have taken, once they ended."""
    return sum(resource.getrusage(resource.RUSAGE_CHILDREN)[:2])


async def of_session(connection: Any, name: str) -> float:
    """Return the seconds of a processor that a session of Postgres on this machine has taken."""
    pid = await connection.fetchval(
        "SELECT pid FROM pg_stat_activity WHERE application_name = $1", name
    )
    return _of_process(pid)


def _of_process(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[USER]) + int(fields[SYSTEM])) / os.sysconf("SC_CLK_TCK")
