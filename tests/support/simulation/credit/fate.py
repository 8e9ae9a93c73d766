"""Who dies and who freezes: at any step that the product names, or while the bureau is asked."""

from dataclasses import dataclass
from random import Random

STEPS_MAX = 6
"""A process passes about as many steps in one turn."""


class Died(BaseException):
    """A process was killed; whatever was not kept is lost."""


@dataclass(slots=True)
class Fate:
    """Draws what becomes of each process."""

    dice: Random
    often_dies: float
    often_freezes: float
    is_kind: bool = False
    deaths: int = 0
    freezes: int = 0
    left: int = 0

    def drawn(self) -> str:
        """Return what becomes of a process that begins now."""
        if self.is_kind:
            return "lives"
        chance = self.dice.random()
        if chance < self.often_freezes:
            self.freezes += 1
            return "freezes"
        return "dies" if chance < self.often_freezes + self.often_dies else "lives"

    def strikes(self) -> bool:
        """Say whether a process dies at the one step it has."""
        return self.drawn() == "dies"

    def doom(self) -> None:
        """Let the process that goes on now die at one of its next steps."""
        self.left = self.dice.randint(1, STEPS_MAX)

    def spare(self) -> None:
        """Let nobody die any more."""
        self.left = 0

    def reach(self, _name: str) -> None:
        """Pass a step; the product's own name it."""
        if self.left:
            self.left -= 1
            if not self.left:
                self.deaths += 1
                raise Died
