"""Processes that help with rows: they look for no cycles, and end with who started them."""

import gc
import os
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from multiprocessing import get_context, parent_process
from multiprocessing.context import SpawnContext
from threading import Thread
from typing import Any

SPAWNED: SpawnContext = get_context("spawn")
"""Begun afresh: a copy of a process that has connections would have them too."""


def begin() -> None:
    """Begin a process that only helps: rows hold no cycles, and looking for some costs a third.

    Killed without warning, who started it cannot stop it: it sees to that itself.
    """
    gc.disable()
    Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    parent = parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


@contextmanager
def helping(initializer: Any = begin, *given: Any) -> Iterator[ProcessPoolExecutor]:
    """Lend as many processes as there are cores."""
    with ProcessPoolExecutor(os.cpu_count(), SPAWNED, initializer, given) as pool:
        yield pool
