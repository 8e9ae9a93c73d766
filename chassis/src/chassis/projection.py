"""The one idea behind every read model: events fold into the row of a table."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, Generic, NamedTuple, TypeAlias, TypeVar

from contracts.message import Event

R = TypeVar("R", bound=tuple[Any, ...])


def as_it_is(row: R) -> R:
    """Return a row whose columns need no settling."""
    return row


class Told(NamedTuple):
    """One event as a projection meets it: what was said, and when, by whom, after what.

    `seq` is its place in the gateway's history, `version` its place in its own stream.
    """

    tenant: str
    event: Event
    seq: int
    version: int
    at: str
    by: str
    id: str
    correlation: str
    causation: str | None


@dataclass(frozen=True, slots=True)
class Projection(Generic[R]):
    """Which row an event touches, and what becomes of it; `None` is no row.

    `row` is a named tuple whose fields are the columns of the table in `table_sql` (besides
    `tenant_id`), of types that JSON knows; its first field is the key, unique within a tenant.
    Events of two streams never meet in a row: processes share the streams of a long history. The
    first statement of `table_sql` creates the table, the others its indexes. `settle` fills columns
    that follow from others: once before a row is written, however many events led to it. A change
    of the shape, of `evolve` or of `settle` goes with a new `version`: the table is then built anew
    from history.
    """

    name: str
    version: int
    row: type[R]
    table_sql: str
    handles: tuple[type[Event], ...]
    key: Callable[[Told], str]
    evolve: Callable[[R | None, Told], R | None]
    settle: Callable[[R], R] = as_it_is

    def concerns(self, told: Told) -> bool:
        """Say whether an event touches a row."""
        return type(told.event) in self.handles

    def fold(self, events: Iterable[Told]) -> dict[tuple[str, str], R]:
        """Return the rows that `events` lead to, by tenant and key: what a rebuild yields."""
        rows: dict[tuple[str, str], R | None] = {}
        for told in events:
            if self.concerns(told):
                at = (told.tenant, self.key(told))
                rows[at] = self.evolve(rows.get(at), told)
        return {at: self.settle(row) for at, row in rows.items() if row is not None}


AnyProjection: TypeAlias = Projection[Any]
