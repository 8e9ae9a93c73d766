"""How long to wait before something is tried again: twice as long each time, up to a bound."""

DOUBLED_MAX = 40
"""Beyond it no bound of ours is further away, and no power of two is too large to be reckoned."""


def patience(first: float, longest: float, times: int) -> float:
    """Return how many seconds to wait after so many attempts, however many there were."""
    return min(longest, first * 2.0 ** min(times, DOUBLED_MAX))
