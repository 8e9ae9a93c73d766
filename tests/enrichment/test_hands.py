"""Processes that help with rows end with who started them, however that ended."""

import subprocess
import sys
import time
from pathlib import Path

HELPED = """
import os, sys, time
from enrichment.hands import helping

if __name__ == "__main__":
    with helping() as pool:
        print(pool.submit(os.getpid).result(), flush=True)
        time.sleep(60)
"""
END_SECONDS_MAX = 10.0


def is_running(process: int) -> bool:
    status = Path(f"/proc/{process}/stat")
    return status.exists() and status.read_text().rpartition(")")[2].split()[0] != "Z"


def test_a_helper_of_a_killed_process_ends(tmp_path: Path) -> None:
    program = tmp_path / "helped.py"
    program.write_text(HELPED)
    argv = [sys.executable, str(program)]
    with subprocess.Popen(argv, stdout=subprocess.PIPE) as helped:  # noqa: S603 - our own program
        assert helped.stdout
        helper = int(helped.stdout.readline())
        assert is_running(helper)
        helped.kill()
        deadline = time.monotonic() + END_SECONDS_MAX
        while is_running(helper):
            assert time.monotonic() < deadline, "the helper still runs"
            time.sleep(0.05)
