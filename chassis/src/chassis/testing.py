"""Given events, when a command, then events: the sentence every decider test is."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

import pytest

from chassis.decider import Decider, Rejected

C = TypeVar("C")
S = TypeVar("S")
E = TypeVar("E")


@dataclass(frozen=True, slots=True)
class Given(Generic[C, S, E]):
    """What happened before."""

    decider: Decider[C, S, E]
    history: Sequence[E]

    def when(self, command: C) -> "When[E]":
        """Ask for something."""
        state = self.decider.fold(self.history)
        return When(lambda: self.decider.decide(command, state))


@dataclass(frozen=True, slots=True)
class When(Generic[E]):
    """What is asked, not yet decided."""

    decide: Callable[[], Sequence[E]]

    def then(self, *expected: E) -> None:
        """Expect exactly these events."""
        assert list(self.decide()) == list(expected)

    def then_nothing(self) -> None:
        """Expect no event: the wish was already true."""
        self.then()

    def then_rejected(self, code: str) -> None:
        """Expect a refusal with this code."""
        with pytest.raises(Rejected) as refusal:
            self.decide()
        assert refusal.value.code == code


def scenario(decider: Decider[C, S, E]) -> Callable[..., Given[C, S, E]]:
    """Return the `given` of this decider's tests."""
    return lambda *history: Given(decider, history)
