"""Chance that falls the same way every time, in every process."""

import hashlib
from collections.abc import Sequence
from functools import cache
from typing import TypeVar

T = TypeVar("T")

FACTOR = 6_364_136_223_846_793_005
STEP = 1_442_695_040_888_963_407
MASK = (1 << 64) - 1
"""Knuth's linear congruence; only its upper forty bits are used, which are well mixed."""


class Dice:
    """Throws that follow from what the dice were made from, and from nothing else."""

    def __init__(self, *made_from: str | int) -> None:
        name = "\x1f".join(map(str, made_from)).encode()
        self._state = int.from_bytes(hashlib.blake2b(name, digest_size=8).digest(), "big")

    def below(self, end: int) -> int:
        """Return a number from 0 up to, and without, `end`."""
        self._state = state = (self._state * FACTOR + STEP) & MASK
        return (state >> 24) * end >> 40

    def pick(self, among: Sequence[T]) -> T:
        """Return one of several."""
        return among[self.below(len(among))]

    def chance(self, per_mille: int) -> bool:
        """Say yes so many times in a thousand."""
        return self.below(1_000) < per_mille

    def weighted(self, choices: Sequence[tuple[int, T]]) -> T:
        """Return one of several, each as often as its weight says."""
        thrown = self.below(_total(choices))
        for weight, choice in choices:
            if thrown < weight:
                return choice
            thrown -= weight
        raise AssertionError


@cache
def _total(choices: Sequence[tuple[int, object]]) -> int:
    return sum(weight for weight, _ in choices)
