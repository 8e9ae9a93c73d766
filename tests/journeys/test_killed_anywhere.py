"""Any process may be killed at any step of the main job: the end is the same."""

import os
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from support.box import RunningBox, eventually
from support.faults.arms import Arms
from support.journey import EXPECTED, journey

pytestmark = [pytest.mark.servers, pytest.mark.journey]

HOUSE = Path(__file__).parents[2]
RELAYING = ("companies", "enrichment", "credit-monitor")
EVERYWHERE = (*RELAYING, "gateway")
MACHINERY = {
    "append": ("companies",),
    "relay": RELAYING,
    "intake": EVERYWHERE,
    "consumer": EVERYWHERE,
    "projector": ("gateway",),
}
"""Which processes pass the machinery's steps during the journey."""
CROSSED = bool(os.environ.get("KUNDVAKT_CROSS_STEPS"))
"""Whether each step of the machinery is tried in every process that passes it, and not in one
of them in turn: the long run."""
ONCE_A_LIFE = {"credit-monitor.authenticated"}
"""Steps that a process passes when it begins, and then not for long."""
DEATH_SECONDS_MAX = 5.0
"""All is done by then: what was not reached will not be."""
ELSEWHERE = {
    "rebuild": "tests/chassis",
    "erase": "tests/journeys/test_erasure.py",
    "enrichment.set-begun": "tests/enrichment",
    "enrichment.file-copied": "tests/enrichment",
    "enrichment.set-filled": "tests/enrichment",
    "enrichment.set-shown": "tests/enrichment",
    "enrichment.sets-swept": "tests/enrichment",
    "enrichment.sources-noted": "tests/enrichment",
}
"""Steps of other jobs, and where those are interrupted."""


def steps() -> list[tuple[str, str]]:
    """Return every process and step that the journey passes, read off the code itself."""
    found: list[tuple[str, str]] = []
    for top in ("chassis", "services"):
        for file in sorted((HOUSE / top).rglob("src/**/*.py")):
            for name in re.findall(r'\breach\(\s*f?"([^"]+)"', file.read_text()):
                area, _, step = name.rpartition(".")
                if name in ELSEWHERE or area in ELSEWHERE:
                    continue
                if area == "{service}":
                    found.append(("companies", f"companies.{step}"))
                elif area == "{service.name}":
                    found += [(service, f"{service}.{step}") for service in EVERYWHERE]
                elif area in MACHINERY:
                    found += [(service, name) for service in _tried(MACHINERY[area], len(found))]
                else:
                    found.append((area, name))
    return found


def _tried(services: tuple[str, ...], turn: int) -> tuple[str, ...]:
    return services if CROSSED else (services[turn % len(services)],)


@pytest.mark.parametrize("at", steps(), ids="-".join)
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


@pytest.mark.parametrize("process", ["nats", "postgres", "creditsafe"])
def test_a_server_killed_in_the_middle_leaves_the_same_end(
    box: RunningBox, numbers: Iterator[str], tenant: str, process: str
) -> None:
    client, number = box.tenant(tenant), next(numbers)
    before = box.box.kill(process)
    assert journey(box, client, number) == EXPECTED
    box.wait(box.box.restarted(process, before))
    box.ready()
