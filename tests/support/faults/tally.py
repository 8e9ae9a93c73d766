"""What a whole session of faults came to: one line at its end, and a verdict."""

from collections import Counter
from dataclasses import dataclass, field


@dataclass(slots=True)
class Tally:
    """Counts faults injected and commands acknowledged, lost and doubled, over all scenarios."""

    kinds: Counter[str] = field(default_factory=Counter)
    acknowledged: int = 0
    lost: int = 0
    doubled: int = 0

    def injected(self, kind: str, many: int = 1) -> None:
        """Count faults of a kind."""
        self.kinds[kind] += many

    def checked(self, acknowledged: int, lost: int, doubled: int) -> None:
        """Count what a checker found."""
        self.acknowledged += acknowledged
        self.lost += lost
        self.doubled += doubled

    @property
    def faults(self) -> int:
        """Return how many faults there were."""
        return self.kinds.total()

    def line(self) -> str:
        """Say it all in one line."""
        return (
            f"faults: {self.faults} injected, {self.acknowledged} acknowledged,"
            f" {self.lost} lost, {self.doubled} doubled"
        )

    def failed(self, faults_min: int) -> bool:
        """Say whether anything was lost or doubled, or too little was tried."""
        return bool(self.lost or self.doubled) or self.faults < faults_min


tally = Tally()
"""The session's."""
