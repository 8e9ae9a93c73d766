"""`make simulate`: schedule after schedule for as long as was asked."""
# ruff: noqa: T201 - it tells how it goes

import os
import sys

from support.simulation.in_memory import in_memory
from support.simulation.run import asked_seconds, run_for
from support.simulation.world import Red

with in_memory():
    try:
        ran = run_for(asked_seconds(), int(os.environ.get("SEED", "1")))
    except Red as red:
        print(red)
        sys.exit(1)
print(
    f"simulation: {ran.schedules:,} schedules, 0 red,"
    f" {ran.schedules / ran.seconds:,.0f} a second of one core"
)
