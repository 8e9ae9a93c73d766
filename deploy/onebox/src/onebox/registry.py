"""The sample registry: made and loaded into the enrichment service's database."""

import asyncio
import os
import subprocess
import sys
from pathlib import Path

from onebox.problems import CannotRunError

SECONDS_MAX = 120.0


async def load_sample(database_url: str, log: Path) -> None:
    """Load the sample registry; where it is loaded already, nothing changes."""
    await asyncio.to_thread(_load, database_url, log)


def _load(database_url: str, log: Path) -> None:
    with log.open("ab") as output:
        done = subprocess.run(
            (sys.executable, "-m", "chassis.cli", "registry", "sample"),
            env={**os.environ, "KUNDVAKT_DATABASE_URL": database_url},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            timeout=SECONDS_MAX,
            check=False,
        )
    if done.returncode:
        raise CannotRunError(f"The sample registry was not loaded; see {log}.")
