"""The sample registry: made and loaded into the enrichment service's database."""

import asyncio
import sys
from pathlib import Path

from onebox.problems import CannotRunError
from onebox.program import Child, Program

SECONDS_MAX = 120.0
ROWS_A_SECOND_MIN = 1_000
"""Of a sample of another size, written and loaded on a slow and busy machine."""
AT_ONCE_ROWS = 200_000
"""More take minutes: the rest starts meanwhile, and the type-ahead says how far it is."""


async def load_sample(database_url: str, log: Path, rows: int) -> None:
    """Load the sample registry; where it is loaded already, nothing changes.

    0 rows leave its size to the command.
    """
    size = {"KUNDVAKT_SAMPLE_ROWS": str(rows)} if rows else {}
    program = Program(
        "registry",
        (sys.executable, "-m", "chassis.cli", "registry", "sample"),
        {"KUNDVAKT_DATABASE_URL": database_url, **size},
        stop_seconds_max=1.0,
    )
    child = Child(program, log)
    child.start({})
    try:
        async with asyncio.timeout(SECONDS_MAX + rows / ROWS_A_SECOND_MIN):
            await child.ended()
    finally:
        await child.stop()
    if child.failed:
        raise CannotRunError(
            f"The sample registry was not loaded; {log} ends with\n{child.last_words()}"
        )
