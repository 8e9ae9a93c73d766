"""Erases a person as an operator does."""

import os
import subprocess
import sys

from support.box import RunningBox


def erase(box: RunningBox, tenant: str, subject: str, failpoint: str = "") -> int:
    """Erase a person from the command line; a failpoint may keep it from its end."""
    command = [sys.executable, "-m", "chassis.cli", "erase", "subject", tenant, subject]
    environment = {
        **os.environ,
        "KUNDVAKT_HOME": str(box.box.home.path),
        "KUNDVAKT_FAILPOINT": failpoint,
    }
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)  # noqa: S603
    assert done.returncode == 0 or failpoint, done.stdout + done.stderr
    return done.returncode
