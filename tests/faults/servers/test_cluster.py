"""A node of three killed, paused or cut off under load: not one command fails."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from support.faults.calm import ANOTHER_ORDER, failed, is_calm, no_command_failed
from support.faults.drill import drilling, first_answers
from support.faults.load import Pace
from support.faults.nats_nodes import NatsNodes, Node
from support.faults.place import place_of
from support.faults.tally import tally

log = print
pytestmark = [pytest.mark.servers, pytest.mark.faults, pytest.mark.timeout(400)]

RATES = (200.0, 150.0, 100.0, 50.0, 25.0)
"""Commands a second: the first that this machine manages without a fault."""
CALM_SECONDS = 4
FAULT_SECONDS = 9.0
"""A new leader is elected in four to nine."""


def kill(nodes: NatsNodes, node: Node) -> None:
    nodes.kill(node)


def pause(nodes: NatsNodes, node: Node) -> None:
    nodes.pause(node)


def cut_off(nodes: NatsNodes, node: Node) -> None:
    nodes.cut_off(node)


def cut_off_from_clients(nodes: NatsNodes, node: Node) -> None:
    nodes.cut_off(node, from_peers=False)


def cut_off_from_peers(nodes: NatsNodes, node: Node) -> None:
    nodes.cut_off(node, from_clients=False)


FAULTS = (kill, pause, cut_off, cut_off_from_clients, cut_off_from_peers)


def manageable(bus: Any, folder: Path) -> float:
    """Return the highest rate at which nothing fails without a fault."""
    with drilling(place_of(bus.box), folder, pace=Pace(commands=RATES[-1]), listeners=False):
        time.sleep(CALM_SECONDS)  # what was just started makes its plans and connections first
    for rate in RATES:
        pace = Pace(commands=rate, reads=0)
        with drilling(place_of(bus.box), folder, pace=pace, listeners=False) as drill:
            time.sleep(CALM_SECONDS)
        asked, ledger = len(drill.load.ledger), drill.load.ledger
        slowest = drill.load.slowest_seconds
        log(f"{rate:g}/s: {asked} asked, {len(ledger.failed_first)} late, slowest {slowest:.2f} s")
        if is_calm(drill) and asked > rate * CALM_SECONDS * 0.8:
            return rate
    return RATES[-1]


@dataclass(frozen=True, slots=True)
class Loaded:
    """A bus of three, and how many commands a second this machine manages on it."""

    bus: Any
    rate: float


@pytest.fixture(scope="module", params=["spine", "cluster"])
def loaded(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Loaded:
    """Run what every command passes alone, for as many as can be, then all of Kundvakt."""
    bus = request.getfixturevalue(request.param)
    return Loaded(bus, manageable(bus, tmp_path_factory.mktemp("calm")))


@pytest.mark.parametrize("fault", FAULTS)
def test_losing_the_leader_of_three_fails_no_command(
    loaded: Loaded, tmp_path: Path, fault: Callable[[NatsNodes, Node], None]
) -> None:
    nodes, box = loaded.bus.nodes, loaded.bus.box
    pace = Pace(commands=loaded.rate, reads=10)
    with drilling(place_of(box), tmp_path, pace=pace, tolerated=ANOTHER_ORDER) as drill:
        began = time.monotonic()
        drill.written(30)
        calm = is_calm(drill)
        leader = nodes.leader()
        fault(nodes, leader)
        tally.injected(f"nats leader: {fault.__name__}")
        time.sleep(FAULT_SECONDS)
        nodes.heal()
        nodes.ready()
        asked, seconds = len(drill.load.ledger), time.monotonic() - began
    log(
        f"{fault.__name__} {leader.name} at {loaded.rate:g} a second: {asked} asked in"
        f" {seconds:.1f} s, {first_answers(drill)}, slowest {drill.load.slowest_seconds:.2f} s,"
        f" quiet after {drill.quiet_seconds:.1f} s"
    )
    no_command_failed(drill, calm=calm)
    assert set(drill.load.reads) <= {200, 404}


def test_trusting_silent_servers_commands_would_fail(patient_cluster: Any, tmp_path: Path) -> None:
    nodes = patient_cluster.nodes
    pace = Pace(commands=25, reads=0)
    with drilling(
        place_of(patient_cluster.box), tmp_path, pace=pace, tolerated=ANOTHER_ORDER
    ) as drill:
        drill.written(30)
        for node in nodes.nodes:
            nodes.pause(node)
            tally.injected("nats node paused")
            time.sleep(FAULT_SECONDS)
            nodes.heal()
        nodes.ready()
    assert failed(drill)
