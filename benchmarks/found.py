"""What a load finds while it goes on, and what that comes to."""

from dataclasses import dataclass, field

from benchmarks.rounds import Reading, reading

NOTHING = Reading(0.0)


@dataclass(slots=True)
class Found:
    """What a job found."""

    answered: Reading
    visible: Reading
    position: int = 0
    failed: int = 0


@dataclass(slots=True)
class Taken:
    """What a job notes while it goes on."""

    answered: list[float] = field(default_factory=list)
    visible: list[float] = field(default_factory=list)
    position: int = 0
    failed: int = 0

    def found(self, seconds: float) -> Found:
        """Return it as figures."""
        return Found(
            reading(seconds, self.answered) if self.answered else NOTHING,
            reading(seconds, self.visible) if self.visible else NOTHING,
            self.position,
            self.failed,
        )
