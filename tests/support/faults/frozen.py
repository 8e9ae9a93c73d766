"""Processes and all that descends from them: to be frozen or killed together."""

import os
import signal
from collections import defaultdict
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path


def family(pids: Iterable[int]) -> list[int]:
    """Return processes and all that descends from them, parents first."""
    children: dict[int, list[int]] = defaultdict(list)
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):
            pid, _, rest = stat.read_text().partition(" (")
            children[int(rest.rpartition(") ")[2].split()[1])].append(int(pid))
    return list(_descent(pids, children))


def _descent(pids: Iterable[int], children: dict[int, list[int]]) -> Iterator[int]:
    for pid in pids:
        yield pid
        yield from _descent(children[pid], children)


def send(pids: Iterable[int], sign: signal.Signals) -> None:
    """Send a signal to whoever of them is still there."""
    for pid in pids:
        with suppress(ProcessLookupError):
            os.kill(pid, sign)
