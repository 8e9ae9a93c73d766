"""Chance that falls the same way every time, in every process."""

import hashlib
from collections.abc import Sequence
from typing import TypeVar

T = TypeVar("T")


class Dice:
    """Throws that follow from what the dice were made from, and from nothing else.

    The 512 bits of one digest last for some fifty throws; then another digest follows.
    """

    def __init__(self, *made_from: str | int) -> None:
        self._name = "\x1f".join(map(str, made_from)).encode()
        self._digests = 0
        self._left = 0
        self._bits = 0

    def below(self, end: int) -> int:
        """Return a number from 0 up to, and without, `end`."""
        if self._bits < end.bit_length() + 16:
            self._digests += 1
            digest = hashlib.blake2b(self._name + self._digests.to_bytes(4, "big")).digest()
            self._left, self._bits = int.from_bytes(digest, "big"), 512
        self._left, thrown = divmod(self._left, end)
        self._bits -= end.bit_length()
        return thrown

    def pick(self, among: Sequence[T]) -> T:
        """Return one of several."""
        return among[self.below(len(among))]

    def chance(self, per_mille: int) -> bool:
        """Say yes so many times in a thousand."""
        return self.below(1_000) < per_mille

    def weighted(self, choices: Sequence[tuple[int, T]]) -> T:
        """Return one of several, each as often as its weight says."""
        thrown = self.below(sum(weight for weight, _ in choices))
        for weight, choice in choices:
            if thrown < weight:
                return choice
            thrown -= weight
        raise AssertionError
