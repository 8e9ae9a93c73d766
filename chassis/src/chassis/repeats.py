"""How much may be asked again: a share of what is answered, so that it never becomes the most."""

PER_ANSWER = 0.5
"""Whoever is busy is asked half as much again, at most."""
SAVED_MAX = 1_000
"""For all that a process has under way, through every server: it may be lost at once, with one who
dies or is cut off."""


class Repeats:
    """What is left of it, in a process."""

    def __init__(self) -> None:
        self._left = float(SAVED_MAX)

    def answered(self) -> None:
        """Note that something was answered."""
        self._left = min(self._left + PER_ANSWER, SAVED_MAX)

    def take(self) -> bool:
        """Take one, if there is one left."""
        if self._left < 1:
            return False
        self._left -= 1
        return True
