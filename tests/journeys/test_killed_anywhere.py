"""Any process may be killed at any step of the main job: the end is the same."""

from collections.abc import Iterator

import pytest

from support.box import RunningBox, eventually
from support.faults.arms import Arms
from support.faults.steps import steps
from support.journey import EXPECTED, journey

pytestmark = [pytest.mark.servers, pytest.mark.journey]

QUICK = {
    ("companies", "append.committed"),
    ("credit-monitor", "credit-monitor.report-kept"),
    ("gateway", "gateway.command-asked"),
}
"""One of what writes, pays and asks; the others take their time, in `make test-faults`."""
STEPS = [
    pytest.param(at, id="-".join(at), marks=[] if at in QUICK else [pytest.mark.faults])
    for at in steps(crossed=False)
]
OTHERS = ("postgres", "creditsafe")
ONCE_A_LIFE = {"credit-monitor.authenticated"}
"""Steps that a process passes when it begins, and then not for long."""
DEATH_SECONDS_MAX = 5.0
"""All is done by then: what was not reached will not be."""


@pytest.mark.parametrize("at", STEPS)
def test_a_process_killed_at_any_step_leaves_the_same_end(
    box: RunningBox, arms: Arms, numbers: Iterator[str], tenant: str, at: tuple[str, str]
) -> None:
    service, step = at
    client, number = box.tenant(tenant), next(numbers)
    armed = armed_process(box, arms, service, step)
    assert journey(box, client, number) == EXPECTED
    eventually(
        lambda: box.box.processes.get(service, armed) != armed or None,
        f"a death at {step}",
        seconds=DEATH_SECONDS_MAX,
    )
    box.ready()


def armed_process(box: RunningBox, arms: Arms, service: str, step: str) -> int:
    """Arm a step of the process that runs, or of its next life where only a start passes it."""
    if step.endswith(".started") or step in ONCE_A_LIFE:
        return box.restart(service, f"{step}:1:kill")
    arms.arm(f"{service}={step}:1:kill")
    return box.box.processes[service]


@pytest.mark.parametrize(
    "process", ["nats", *(pytest.param(one, marks=pytest.mark.faults) for one in OTHERS)]
)
def test_a_server_killed_in_the_middle_leaves_the_same_end(
    box: RunningBox, numbers: Iterator[str], tenant: str, process: str
) -> None:
    client, number = box.tenant(tenant), next(numbers)
    before = box.box.kill(process)
    assert journey(box, client, number) == EXPECTED
    box.wait(box.box.restarted(process, before))
    box.ready()


def test_the_quick_steps_are_steps_still() -> None:
    assert set(steps(crossed=False)) > QUICK
