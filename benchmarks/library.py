"""The peer: PyPI's `eventsourcing` on Postgres, one new aggregate with one event a save.

`python -m benchmarks.library <threads> <seconds>`; where Postgres is stands in its environment.
"""

import json
import os
import sys
import threading
import time
from dataclasses import asdict
from uuid import UUID

from benchmarks.rounds import reading

os.environ |= {
    "PERSISTENCE_MODULE": "eventsourcing.postgres",
    "POSTGRES_POOL_SIZE": "40",
    "POSTGRES_MAX_OVERFLOW": "20",
}

from eventsourcing.application import Application
from eventsourcing.domain import Aggregate, event

NOTE = "x" * 200
"""As much as our own event says."""
WARM_UP_SECONDS = 0.3


class Company(Aggregate):
    """An aggregate with one event."""

    @event("Registered")
    def __init__(self, note: str) -> None:
        self.note = note


class Companies(Application[UUID]):
    """Keeps them."""

    def register(self) -> None:
        """Save a new one."""
        self.save(Company(note=NOTE))


def save_until(app: Companies, ends: float, took: list[float]) -> None:
    """Save one after the other, and note how long each took."""
    while (began := time.perf_counter()) < ends:
        app.register()
        took.append(time.perf_counter() - began)


def main() -> None:
    """Save from several threads; print the reading."""
    count, seconds = int(sys.argv[1]), float(sys.argv[2])
    app = Companies()
    save_until(app, time.perf_counter() + WARM_UP_SECONDS, [])
    took: list[float] = []
    ends = time.perf_counter() + seconds
    threads = [threading.Thread(target=save_until, args=(app, ends, took)) for _ in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    print(json.dumps(asdict(reading(seconds, took))))  # noqa: T201 - read by who started us


if __name__ == "__main__":
    main()
