"""Which row of the sample is meant."""

from dataclasses import dataclass, replace

from enrichment.sample.dice import Dice
from enrichment.sample.numbers import Lead


@dataclass(frozen=True, slots=True)
class Row:
    """All that a row follows from: nothing of the rows before it, so any can be made alone."""

    seed: int
    country: str
    index: int
    lead: Lead = "8/9"

    def dice(self, purpose: str) -> Dice:
        """Return the dice for one purpose."""
        return Dice(self.seed, self.country, self.index, purpose)

    def before(self) -> "Row":
        """Return the row before this one."""
        return replace(self, index=self.index - 1)
