"""Read models kept up with history: fold a batch, write it in one statement, move the position."""

import asyncio
from collections.abc import Sequence
from typing import Any

import orjson
import structlog

from chassis.applying import CONCERNING, Read, apply, fold_into, others, told_from
from chassis.failpoints import reach
from chassis.leadership import leading, still_leading
from chassis.postgres import heal, passes
from chassis.projection import AnyProjection, Told
from chassis.site import Site
from chassis.table import Table
from chassis.tenancy import Connection
from chassis.wire import INTERRUPTIONS

log = structlog.get_logger()

BATCH_EVENTS = 1_000
POLL_SECONDS = 1.0
"""New history wakes the projector at once; this is for a wake-up that was missed."""
HELD_SECONDS = 0.05
"""How soon a read model is looked at again that somebody else held."""
STATE = """
SELECT set_config('synchronous_commit', 'off', true), name, table_name, version, position,
  (SELECT seq FROM history_head) AS head,
  EXISTS (SELECT FROM parked WHERE consumer = 'projection:' || name) AS parks,
  (SELECT json_object_agg(source, position)::text FROM checkpoints WHERE consumer = $2) AS heard
FROM projections WHERE name = ANY ($1) ORDER BY name FOR UPDATE SKIP LOCKED
"""
"""Rows and position are in one transaction: were it lost in a power cut, both would be, and the
same events folded again out of history. So nobody waits for the disk here. A read model that is
just being switched is left for the next time. `heard` is how far the sources are in the history
that `head` ends: both moved in one commit.
"""
MOVE = """
UPDATE projections p SET position = a.position
FROM unnest($1::text[], $2::bigint[]) a (name, position) WHERE p.name = a.name
"""


class Unfoldable(Exception):
    """A batch that one read model cannot fold as a whole."""


class Projector:
    """Keeps a service's read models up with history: one reading of it, one commit for them all."""

    def __init__(self, site: Site, projections: Sequence[AnyProjection]) -> None:
        self._site = site
        self._projections = {projection.name: projection for projection in projections}
        self._passes_over = {projection.name: others(projection) for projection in projections}
        self._all_pass_over = sorted(frozenset.intersection(*self._passes_over.values()))
        self._missing: set[str] = set()
        self._held = False

    async def run(self) -> None:
        """Follow history for as long as the service runs, as the one leader among replicas."""
        site = self._site
        url = site.settings.database_url.get_secret_value()
        while True:
            try:
                async with leading(url, f"{site.service.name}:project") as lock:
                    site.shown.leads = True
                    await self._follow(lock)
            except INTERRUPTIONS as error:
                log.warning("projector interrupted", error=repr(error))
                await heal(site.pool, error)
                await asyncio.sleep(POLL_SECONDS)
            finally:
                site.shown.leads = False

    async def _follow(self, lock: Any) -> None:
        bell = asyncio.Event()
        await lock.add_listener("history", lambda *_: bell.set())
        while True:
            bell.clear()
            while await self.step():
                pass
            try:
                async with asyncio.timeout(HELD_SECONDS if self._held else POLL_SECONDS):
                    await bell.wait()
            except TimeoutError:
                # The bell comes over the very connection that holds the lock: silent, it may be
                # lost.
                await still_leading(lock)

    async def step(self) -> bool:
        """Take in the next events of history; say whether there may be more."""
        try:
            return await self._step(careful=False)
        except Unfoldable as broken:
            log.warning("fold failed, one by one", projection=str(broken), error=broken.__cause__)
            return await self._step(careful=True)

    async def _step(self, *, careful: bool) -> bool:
        site = self._site
        async with site.pool.acquire() as lent, lent.transaction():
            states = await self._states(lent)
            places = [state["position"] for state in states]
            names = [state["name"] for state in states]
            if not states:
                return False
            heard = orjson.loads(states[0]["heard"] or "{}")
            if states[0]["head"] <= min(places):
                site.shown.moved(names, heard)
                return False
            rows = await lent.fetch(
                CONCERNING, min(places), states[0]["head"], self._all_pass_over, BATCH_EVENTS
            )
            is_full = len(rows) == BATCH_EVENTS
            reach("projector.read")
            await self._take(lent, states, rows, careful=careful)
            reach("projector.applied")
            upto = rows[-1]["seq"] if is_full else states[0]["head"]
            await lent.execute(MOVE, names, [max(upto, place) for place in places])
            reach("projector.moved")
        reach("projector.committed")
        site.shown.moved(() if is_full else names, heard)
        return is_full

    async def _states(self, connection: Connection) -> list[Any]:
        """Return how far each read model is, held until the end of the transaction.

        Into another version's table nothing is folded, or every event would be parked.
        """
        wanted = self._projections
        states = await connection.fetch(STATE, list(wanted), self._site.service.name)
        states = [s for s in states if s["version"] == wanted[s["name"]].version]
        self._held = False
        if len(states) < len(wanted):
            rows = await connection.fetch("SELECT name, version FROM projections")
            built = {row["name"] for row in rows if row["version"] == wanted[row["name"]].version}
            missing = wanted.keys() - built
            if missing - self._missing:
                log.warning("not built; run migrate", projections=sorted(missing))
            self._missing = missing
            self._held = len(states) + len(missing) < len(wanted)
        return states

    async def _take(
        self, connection: Connection, states: Sequence[Any], rows: Sequence[Any], *, careful: bool
    ) -> None:
        """Let each read model fold what concerns it; each event is read once for all."""
        known: dict[int, Told] = {}

        def read(row: Any) -> Told:
            seq = row["seq"]
            if seq not in known:
                known[seq] = told_from(row)
            return known[seq]

        for state in states:
            projection, place = self._projections[state["name"]], state["position"]
            passed_over = self._passes_over[projection.name]
            mine = [r for r in rows if r["seq"] > place and r["type"] not in passed_over]
            table = Table(projection, state["table_name"])
            if careful or state["parks"]:
                await apply(connection, projection, table, mine, parks=state["parks"], read=read)
            elif mine:
                await _fold(connection, projection, table, mine, read)


async def _fold(
    connection: Connection,
    projection: AnyProjection,
    table: Table,
    rows: Sequence[Any],
    read: Read,
) -> None:
    """Fold a batch that nothing is expected to be wrong with."""
    try:
        await fold_into(connection, projection, table, rows, read)
    except Exception as error:
        if passes(error):
            raise
        raise Unfoldable(projection.name) from error
