"""What a person at the terminal reads: one line at a time, at once."""

import sys


def say(line: str) -> None:
    """Print a line; a reader who has gone away is no reason to stop."""
    try:
        sys.stdout.write(line + "\n")
        sys.stdout.flush()
    except OSError:
        pass
