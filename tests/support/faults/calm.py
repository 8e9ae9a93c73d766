"""Whether a machine is calm enough to say that a command failed because of a fault."""

import pytest

from support.faults.drill import Drill
from support.faults.ledger import Entry

log = print
ANOTHER_ORDER = frozenset({"published out of order"})
"""A stream that has no leader for a moment, or is being made, may keep the last of a window first:
readers go by position."""
ANSWER_SECONDS_MAX = 1.0
"""Without a fault commands take milliseconds; a machine where they take this long is at its end."""


PATIENCE_SECONDS = 6.0
"""What a client has that asks again under its key: twice the time in which it is promised an
answer."""


def failed(drill: Drill) -> list[Entry]:
    """Return the commands that were not settled within a client's patience."""
    return [one for one in drill.load.ledger.failed_first if one.seconds > PATIENCE_SECONDS]


def is_calm(drill: Drill) -> bool:
    """Say whether commands are answered soon, and at the first try; asked before any fault."""
    return not drill.load.ledger.failed_first and drill.load.slowest_seconds < ANSWER_SECONDS_MAX


def needs_calm(*, calm: bool) -> None:
    """Skip what says nothing on a machine that was at its end before there was a fault."""
    if not calm:
        pytest.skip("this machine is too busy: commands were slow before there was a fault")


def no_command_failed(drill: Drill, *, calm: bool) -> None:
    """Fail where a client's patience came to an end; skip where that says nothing."""
    again, ended = drill.load.ledger.failed_first, failed(drill)
    log(f"{len(again)} commands were asked again by their clients, {len(ended)} failed")
    if ended:
        needs_calm(calm=calm)
    assert not ended, f"{len(ended)} failed, such as {ended[0]}"
