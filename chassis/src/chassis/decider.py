"""The one idea behind every aggregate: decide on a command, evolve by events."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import reduce
from typing import Any, Generic, TypeAlias, TypeVar
from uuid import UUID

C = TypeVar("C")
S = TypeVar("S")
E = TypeVar("E")


class Rejected(Exception):
    """A command the present state does not allow.

    `code` is stable, `message` is for people, `details` says what it concerns, such as the id
    of the company that stands in the way.
    """

    def __init__(self, code: str, message: str, **details: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.details = details


@dataclass(frozen=True, slots=True)
class Claim:
    """Something only one stream of a tenant may have, such as an organisation number.

    A stream has at most one claim of each `kind`; a new one replaces the one it had.
    """

    kind: str
    key: str


def no_claims(_event: Any) -> Claim | None:
    """Claim nothing."""
    return None


def nothing_created(_events: Sequence[Any]) -> dict[str, UUID]:
    """Name nothing besides the stream itself."""
    return {}


def no_other(_command: Any, _state: Any) -> UUID | None:
    """Concern no second stream."""
    return None


def alone(_command: Any, _state: Any, _other: Any) -> Sequence[Any]:
    """Decide nothing about two streams."""
    raise NotImplementedError


def plainly_taken(holder: UUID) -> Rejected:
    """Refuse what another stream of the tenant has."""
    return Rejected("taken", "Something else of yours has this already.", holder=str(holder))


@dataclass(frozen=True, slots=True)
class Decider(Generic[C, S, E]):
    """Two pure functions and a first state.

    Events of other streams than the command's may be among those decided: they begin streams
    of their own, in the same commit. `claims` says what an event reserves for its stream;
    `taken` words the refusal when another stream has it already; `created` names, for the
    answer, what came into being besides the stream itself.

    A command may concern a second stream of the same category that is there already: `other`
    names it, `decide_both` is given its state too, and neither changes unless both do.
    """

    initial: S
    decide: Callable[[C, S], Sequence[E]]
    evolve: Callable[[S, E], S]
    claims: Callable[[E], Claim | None] = no_claims
    taken: Callable[[UUID], Rejected] = plainly_taken
    created: Callable[[Sequence[E]], dict[str, UUID]] = nothing_created
    other: Callable[[C, S], UUID | None] = no_other
    decide_both: Callable[[C, S, S], Sequence[E]] = alone

    def fold(self, events: Iterable[E]) -> S:
        """Return the state that `events` lead to."""
        return reduce(self.evolve, events, self.initial)


AnyDecider: TypeAlias = Decider[Any, Any, Any]
