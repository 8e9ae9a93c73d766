"""The gateway in memory: history, and read models that the product's own folds keep up."""

from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import lru_cache
from typing import Any

from chassis.projection import AnyProjection, Told
from contracts.envelope import Envelope
from gateway.companies.projection import company_list
from gateway.company.projection import company_card
from gateway.credit.projection import credit_history
from support.simulation import pure

BATCH_EVENTS = 5
"""Small, so that history spans several."""
Rows = dict[tuple[str, str], Any]


@lru_cache(maxsize=10_000)
def written(moment: datetime) -> str:
    """Write a moment as history has it."""
    return moment.isoformat().replace("+00:00", "Z")


def _remembered(projection: AnyProjection) -> AnyProjection:
    """Fold with the projection's own code; what was folded before is remembered."""
    known: dict[tuple[Any, ...], tuple[Any, Any]] = {}

    def evolve(row: Any, told: Told) -> Any:
        asked = (id(row), id(told.event), told.version, told.at, told.by, told.correlation)
        found = known.get(asked)
        if found is None:
            if len(known) > pure.REMEMBERED_MAX:
                known.clear()
            found = known[asked] = (row, projection.evolve(row, told))
        return found[1]

    settled: dict[int, tuple[Any, Any]] = {}

    def settle(row: Any) -> Any:
        found = settled.get(id(row))
        if found is None:
            if len(settled) > pure.REMEMBERED_MAX:
                settled.clear()
            found = settled[id(row)] = (row, projection.settle(row))
        return found[1]

    keys: dict[int, tuple[Any, str]] = {}

    def key(told: Told) -> str:
        found = keys.get(id(told.event))
        if found is None:
            if len(keys) > pure.REMEMBERED_MAX:
                keys.clear()
            found = keys[id(told.event)] = (told.event, projection.key(told))
        return found[1]

    return replace(projection, key=key, evolve=evolve, settle=settle)


PROJECTIONS = (_remembered(company_list), _remembered(company_card), credit_history)


@dataclass(slots=True)
class Models:
    """Read models, each with how far in history it is."""

    off: frozenset[str]
    history: list[Told] = field(default_factory=list)
    rows: dict[str, Rows] = field(default_factory=lambda: {p.name: {} for p in PROJECTIONS})
    positions: dict[str, int] = field(default_factory=lambda: {p.name: 0 for p in PROJECTIONS})

    def keep(self, envelope: Envelope) -> None:
        """Keep an event in history."""
        causation = str(envelope.causation) if envelope.causation else None
        self.history.append(
            Told(
                envelope.tenant,
                pure.event_of(envelope.data),
                len(self.history) + 1,
                envelope.version,
                written(envelope.at),
                envelope.by,
                str(envelope.id),
                str(envelope.correlation),
                causation,
            )
        )

    def fold(self, projection: AnyProjection) -> int:
        """Fold the next batch into its rows; return how far in history that goes."""
        at = self.positions[projection.name]
        rows = self.rows[projection.name]
        batch = self.history[at : at + BATCH_EVENTS]
        touched = set()
        for told in batch:
            if projection.concerns(told):
                key = ("" if "rows by tenant" in self.off else told.tenant, projection.key(told))
                rows[key] = projection.evolve(rows.get(key), told)
                touched.add(key)
        for key in touched:
            rows[key] = projection.settle(rows[key])
        return at + len(batch)

    def copy(self) -> "Models":
        """Return the same read models once more."""
        rows = {name: dict(rows) for name, rows in self.rows.items()}
        return Models(self.off, list(self.history), rows, dict(self.positions))
