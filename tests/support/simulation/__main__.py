"""`make simulate`: schedule after schedule for as long as was asked."""
# ruff: noqa: T201 - it tells how it goes

import os
import sys
import time

from support.simulation.run import asked_seconds, run_for

began, played = time.monotonic(), 0
for ended in run_for(asked_seconds(), int(os.environ.get("SEED", "1"))):
    played += ended.schedules
    if ended.red:
        print(ended.red)
        sys.exit(f"seed {ended.seed} is red")
    a_second = ended.schedules / ended.seconds
    print(f"seed {ended.seed}: {a_second:,.0f} a second of one core", flush=True)
a_second = played / (time.monotonic() - began)
print(f"simulation: {played:,} schedules, 0 red, {a_second:,.0f} a second of all cores")
