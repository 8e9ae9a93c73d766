"""A rolling deploy under load: every process is asked to stop, another one is there meanwhile."""

import os
import signal
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from onebox import programs
from onebox.addresses import free_port
from onebox.program import Child
from support.box import RunningBox
from support.faults.drill import Drills
from support.faults.load import Pace
from support.faults.steps import EVERYWHERE
from support.faults.tally import tally

pytestmark = [pytest.mark.servers, pytest.mark.faults, pytest.mark.timeout(600)]

EXIT_SECONDS_MAX = 10.0
"""What a process may take to stop."""
PACE = Pace(commands=12, reads=6)


@contextmanager
def second(box: RunningBox, name: str) -> Iterator[str]:
    """Run another process of a service meanwhile; yields where it listens."""
    port = free_port()
    place = programs.Place(
        box.box.home,
        box.box.urls["database"],
        box.box.nats_url(name),
        port,
        {"creditsafe": box.box.urls["creditsafe"]},
    )
    environment = {"KUNDVAKT_CREDIT_POLL_SECONDS": "0.25"}
    child = Child(programs.service(name, place, environment), box.box.home.logs / "second.log")
    child.start({})
    try:
        while not box.wait(child.program.ready()):  # type: ignore[arg-type]
            time.sleep(0.1)
        yield f"http://127.0.0.1:{port}"
    finally:
        box.wait(child.stop())


def stopped(box: RunningBox, name: str, which: signal.Signals) -> float:
    """Send a process a signal and wait for its successor; return how long it took to end."""
    before = box.box.processes[name]
    began = time.monotonic()
    os.kill(before, which)
    tally.injected(which.name)
    while Path(f"/proc/{before}").exists() and box.box.processes.get(name) == before:
        time.sleep(0.02)
    seconds = time.monotonic() - began
    box.wait(box.box.restarted(name, before))
    box.ready()
    return seconds


def rolled(drills: Drills, which: signal.Signals, *, led_away: bool) -> list[float]:
    """Replace every process under load, with a second one of each there; return their endings."""
    seconds = []
    with ExitStack() as seconds_running:
        others = {
            name: seconds_running.enter_context(second(drills.box, name)) for name in EVERYWHERE
        }
        with drills.drilling(pace=PACE) as drill:
            first = drill.load.gateways
            drill.written(20)
            for name in EVERYWHERE:
                if name == "gateway":
                    drill.load.gateways = (others[name],) if led_away else first
                    # As a balancer does, whoever has a request in hand keeps it.
                    drill.written(10)
                seconds.append(stopped(drills.box, name, which))
                drill.load.gateways = first
                drill.written(10)
        failed = drill.load.ledger.failed_first
        assert not led_away or failed == [], failed
        assert led_away or failed
    return seconds


def test_a_rolling_deploy_fails_no_command_and_nobody_takes_long_to_stop(drills: Drills) -> None:
    endings = rolled(drills, signal.SIGTERM, led_away=True)
    assert max(endings) <= EXIT_SECONDS_MAX


def test_killed_under_their_callers_some_would_have_to_ask_again(drills: Drills) -> None:
    rolled(drills, signal.SIGKILL, led_away=False)
