"""A drill: load with a ledger, faults by whoever drills, then quiet, and the checker's verdict."""

import asyncio
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from random import Random
from typing import Any

import uvloop

from chassis.edge import new_id
from support.box import RunningBox
from support.faults.arms import Arms
from support.faults.bureau import RatingChanger, ledger_of, ratings_are_told
from support.faults.checker import check
from support.faults.findings import DOUBLED, LOST, Report
from support.faults.ledger import Ledger
from support.faults.listening import Listener
from support.faults.load import Load, Pace, unsettled
from support.faults.place import Place, place_of
from support.faults.quiet import quiet
from support.faults.record import read_record
from support.faults.tally import tally
from support.faults.wishes import Wisher


@dataclass(slots=True)
class Drill:
    """A load under way, and afterwards what it came to."""

    place: Place
    load: Load
    tolerated: frozenset[str] = frozenset()
    """Findings that the faults of this drill explain, and that harm nobody."""
    quiet_seconds: float = 0.0
    report: Report | None = None
    failed: list[BaseException] = field(default_factory=list)
    """What ended the load before its time."""
    _loop: asyncio.AbstractEventLoop = field(default_factory=uvloop.new_event_loop)

    def written(self, many: int, seconds: float = 240.0) -> None:
        """Wait until so many commands more than now are settled."""
        wanted = len(self.load.ledger) - len(unsettled(self.load.ledger)) + many
        asyncio.run_coroutine_threadsafe(self.load.written(wanted), self._loop).result(seconds)

    @property
    def canaries(self) -> dict[str, str]:
        """Return what marks each tenant's texts."""
        return {wisher.tenant: wisher.canary for wisher in self.load.wishers}

    def run(self, stop: threading.Event, going: threading.Event) -> None:
        """Let the clients work in this thread until told to stop."""
        with asyncio.Runner(loop_factory=lambda: self._loop) as runner:
            runner.run(self._run(stop, going))

    async def _run(self, stop: threading.Event, going: threading.Event) -> None:
        async with self.load.going():
            going.set()
            await asyncio.to_thread(stop.wait)


async def open_drill(
    place: Place,
    folder: Path,
    *,
    tenants: int = 3,
    seed: int = 1,
    pace: Pace | None = None,
    numbers: Iterator[str] | None = None,
    listeners: bool = True,
    tolerated: frozenset[str] = frozenset(),
) -> Drill:
    """Add tenants, and make ready what their clients will do."""
    names = [f"f-{new_id().hex[-12:]}" for _ in range(tenants)]
    keys = await place.keys(names)
    dice = Random(seed)  # noqa: S311 - no secret
    wishers = [
        Wisher(name, keys[name], Random(dice.random()), numbers or iter(()))  # noqa: S311
        for name in names
    ]
    load = Load(
        place.gateways,
        wishers,
        Ledger(folder / f"ledger-{new_id().hex[-12:]}.jsonl"),
        pace or Pace(),
        dice,
    )
    if load.pace.changes:
        load.changer = RatingChanger(place.bureau_url, dice)
    if listeners:
        load.listeners = [Listener(dice.choice(place.gateways), n, keys[n]) for n in names]
    return Drill(place, load, tolerated)


@contextmanager
def drilling(
    place: Place, folder: Path, *, whole: Callable[[], None] | None = None, **options: Any
) -> Iterator[Drill]:
    """Let clients work while the body injects faults; afterwards nothing may be amiss.

    The body leaves the system whole: whatever it stopped runs again at its end, or as soon as
    `whole` returns, which is called once nobody asks for anything any more.
    """
    drill = asyncio.run(open_drill(place, folder, **options))
    stop, going = threading.Event(), threading.Event()

    def work() -> None:
        try:
            drill.run(stop, going)
        except BaseException as error:  # noqa: BLE001 - told below, in the test's own thread
            drill.failed.append(error)
            going.set()

    thread = threading.Thread(target=work, daemon=True, name="drill")
    thread.start()
    going.wait(30)
    try:
        yield drill
    finally:
        stop.set()
        thread.join(180)
    if drill.failed:
        raise drill.failed[0]
    if whole is not None:
        whole()
    asyncio.run(verdict(drill))


async def verdict(drill: Drill) -> None:
    """Wait for quiet, check, count for the session, and fail where anything is amiss."""
    drill.quiet_seconds = await quiet(drill.place)
    record = await read_record(drill.place)
    ledger = drill.load.ledger
    report = check(record, ledger, drill.canaries)
    if drill.load.changer:
        scores = ledger_of(drill.place.bureau_url)
        watched = {n: c for w in drill.load.wishers for n, c in (w.watched | w.retired).items()}
        told = tuple(ratings_are_told(record, scores, watched))
        report = replace(report, findings=(*report.findings, *told))
    findings = tuple(one for one in report.findings if one.what not in drill.tolerated)
    report = drill.report = replace(report, findings=findings)
    tally.checked(report.acknowledged, report.count(LOST), report.count(DOUBLED))
    assert not report.findings, str(report)
    assert not drill.load.errors, drill.load.errors[:5]
    assert not (left := unsettled(ledger)), left[:5]
    for listener in drill.load.listeners:
        heard_everything(listener, [f.seq for f in record.history if f.tenant == listener.tenant])
    ledger.close()


def heard_everything(listener: Listener, happened: Sequence[int]) -> None:
    """Fail where a listener got an event twice, out of order, or missed one it had passed."""
    got = listener.ids
    assert got == sorted(set(got)), f"{listener.tenant} heard something twice or out of order"
    last = got[-1] if got else 0
    missed = set(happened) - set(got)
    with suppress(ValueError):
        assert min(missed) > last, f"{listener.tenant} missed {min(missed)}, heard {last}"


def first_answers(drill: Drill) -> dict[str, int]:
    """Count how commands fared at the first try."""
    entries = list(drill.load.ledger)
    return {
        said: sum(entry.first == said for entry in entries) for said in ("ok", "refused", "unknown")
    }


@dataclass(frozen=True, slots=True)
class Drills:
    """A box whose processes can be armed while they run, and drills on it."""

    box: RunningBox
    arms: Arms
    numbers: Iterator[str]
    folder: Path

    @contextmanager
    def drilling(self, **options: Any) -> Iterator[Drill]:
        """Drill on this box; whatever happens, nothing stays armed."""
        with drilling(place_of(self.box), self.folder, numbers=self.numbers, **options) as drill:
            try:
                yield drill
            finally:
                self.arms.disarm()
                self.box.ready()
