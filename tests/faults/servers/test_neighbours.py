"""Message servers notice that one of them is silent before they send it what others can answer."""

import time
from pathlib import Path

import pytest

from onebox import permissions
from support.faults.nats_nodes import nats_nodes
from support.faults.tally import tally

pytestmark = [pytest.mark.servers, pytest.mark.faults]

NOTICED_SECONDS_MAX = 3.0
"""Twice what two questions take; a command's deadline is 2.5 s."""


def is_given_up(folder: Path) -> bool:
    """Say whether a frozen server is given up in time by the others."""
    with nats_nodes(folder, 3) as nodes:
        frozen, *others = nodes.nodes
        nodes.pause(frozen)
        tally.injected("nats node paused")
        deadline = time.monotonic() + NOTICED_SECONDS_MAX
        while any(frozen.name in nodes.neighbours(other) for other in others):
            if time.monotonic() > deadline:
                return False
            time.sleep(0.05)
        nodes.heal()
        nodes.ready()
        return True


def test_a_silent_server_is_given_up_by_its_neighbours_in_time(tmp_path: Path) -> None:
    assert is_given_up(tmp_path)


def test_by_default_it_would_not_be(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(permissions, "ROUTES", "")
    assert not is_given_up(tmp_path)
