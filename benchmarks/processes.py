"""What processes use: their memory and their time, out of /proc."""

import os
from dataclasses import dataclass
from pathlib import Path

PARENT, USER_TICKS, SYSTEM_TICKS = 1, 11, 12
"""Places in /proc/<pid>/stat, counted after the program's name."""
KIBIBYTES = 1024
TICKS_A_SECOND = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True, slots=True)
class Usage:
    """What a process and those it started use: memory, shared pages by share, and time so far."""

    megabytes: float
    seconds: float


def usage(pid: int) -> Usage:
    """Return what a process and those below it use now."""
    found = [_one(member) for member in family(pid)]
    return Usage(sum(one.megabytes for one in found), sum(one.seconds for one in found))


def family(pid: int) -> list[int]:
    """Return a process and all below it."""
    parents = {child: parent for child, parent in map(_parent, _all()) if parent}
    members = [pid]
    for member in members:
        members += [child for child, parent in parents.items() if parent == member]
    return members


def _all() -> list[int]:
    return [int(place.name) for place in Path("/proc").glob("[0-9]*")]


def _parent(pid: int) -> tuple[int, int]:
    try:
        return pid, int(_stat(pid)[PARENT])
    except OSError:
        return pid, 0


def _stat(pid: int) -> list[str]:
    return Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2].split()


def _one(pid: int) -> Usage:
    try:
        told = Path(f"/proc/{pid}/smaps_rollup").read_text()
        stat = _stat(pid)
    except OSError:
        return Usage(0, 0)
    shares = [line.split()[1] for line in told.splitlines() if line.startswith("Pss:")]
    ticks = int(stat[USER_TICKS]) + int(stat[SYSTEM_TICKS])
    return Usage(int(shares[0]) / KIBIBYTES, ticks / TICKS_A_SECOND)
