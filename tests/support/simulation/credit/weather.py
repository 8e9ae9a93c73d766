"""How much happens in a world, and how ill it goes."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Size:
    """How much happens."""

    changes: int = 1_000_000
    companies: int = 100_000
    days: int = 14


@dataclass(frozen=True, slots=True)
class Weather:
    """How the bureau tells of changes, and how often one of our processes dies or freezes.

    `there_and_back` is how many changes are taken back before anybody has read of them.
    """

    moods: tuple[tuple[str, int], ...] = (
        ("prompt", 86),
        ("late", 4),
        ("very late", 2),
        ("repeats", 3),
        ("halves", 2),
        ("forgets", 3),
    )
    there_and_back: float = 0.08
    dies: float = 0.004
    freezes: float = 0.002


FAIR = Weather()
"""Much worse than any bureau known."""
