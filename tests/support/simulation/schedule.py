"""A schedule: one byte a step, so that a shorter and smaller one is a simpler one."""

from collections.abc import Callable, Iterable
from datetime import timedelta
from functools import lru_cache, partial

from support.simulation import office, services
from support.simulation.bureau import RATINGS
from support.simulation.cast import NAMES, NUMBERS, WISHES
from support.simulation.checks import check
from support.simulation.models import PROJECTIONS
from support.simulation.process import Process
from support.simulation.record import SERVICES, SOURCES
from support.simulation.world import Red, World

Act = Callable[[World], str]
AND_SO, BEGINS = ", to the end", ", and pauses"
WATCHED_FROM = 128
"""A schedule whose first byte is as high begins where Alm is under watch already."""


def _ask(wish: int, at_once: bool, world: World) -> str:
    world.ask(wish, at_once=at_once)
    return f"{WISHES[wish].sentence}{AND_SO if at_once else BEGINS}"


def _go_on(number: int, steps: int, world: World) -> str:
    name = _name(world, number)
    world.go_on(number, steps)
    return f"{name} goes on" + (" to its end" if steps > 1 else " one step")


def _die(number: int, world: World) -> str:
    name = _name(world, number)
    world.die(number)
    return f"{name} dies"


def _name(world: World, number: int) -> str:
    running: list[Process] = world.running
    return running[number % len(running)].name if running else "nobody"


def _relay(source: str, at_once: bool, world: World) -> str:
    world.relay(source, at_once=at_once)
    return f"the relay of {source} puts a window on the bus{AND_SO if at_once else BEGINS}"


def _take(service: str, choice: str, at_once: bool, world: World) -> str:
    world.take_in(service, CHOICES[choice], at_once=at_once)
    return f"{service} takes in {choice}{AND_SO if at_once else BEGINS}"


def _watch(service: str, world: World) -> str:
    world.watch(service)
    return f"{service} asks for what it misses"


def _project(number: int, at_once: bool, world: World) -> str:
    world.project(number, at_once=at_once)
    return f"the projector of {PROJECTIONS[number].name} folds{AND_SO if at_once else BEGINS}"


def _lose(sequence: int, world: World) -> str:
    world.bus.lose(sequence)
    return "the bus loses " + ("its first message" if sequence == 0 else "a late message")


def _bus(what: str, world: World) -> str:
    if what == "is made anew":
        world.rebuild_stream()
    elif what == "forgets what it was told":
        world.bus.restart()
    elif what == "forgets ids":
        world.bus.ids.clear()
    else:
        world.bus.is_up = what == "is back"
    return f"the bus {what}"


def _crash(service: str, world: World) -> str:
    world.crash(service)
    return f"{service} crashes"


def _change(place: int, which: int, world: World) -> str:
    world.change(NUMBERS[place], which)
    return f"the bureau rates {NAMES[place]} {RATINGS[which]}"


def _mood(mood: str, world: World) -> str:
    world.bureau.mood = mood
    return f"the bureau {mood} with the next change"


def _bureau(is_up: bool, world: World) -> str:  # noqa: FBT001 - named by the table below
    world.bureau.is_up = is_up
    return f"the bureau is {'back' if is_up else 'away'}"


def _poll(at_once: bool, world: World) -> str:
    world.poll(at_once=at_once)
    return f"a poller reads notifications{AND_SO if at_once else BEGINS}"


def _work(at_once: bool, world: World) -> str:
    world.work(at_once=at_once)
    return f"a worker takes a step{AND_SO if at_once else BEGINS}"


def _pass(minutes: int, world: World) -> str:
    world.now += timedelta(minutes=minutes)
    return f"{minutes} minutes pass"


def _unreadable(service: str, world: World) -> str:
    company = WISHES[0].command
    world.was_unreadable = True
    world.unreadable.add((service, company.tenant, company.stream_id))
    return f"{service} cannot read what is said of Alm of north"


def _mended(world: World) -> str:
    world.unreadable.clear()
    for record in world.records.values():
        services.take_up_again(world, record)
    return "all can be read again, and what was parked is taken up"


def _drain(world: World) -> str:
    world.drain()
    return "everything goes on as far as it can"


ALL = "all that is waiting"
CHOICES: dict[str, Callable[[list[int]], list[int]]] = {
    ALL: list,
    "only the latest message": lambda waiting: waiting[-1:],
    "all but the first message": lambda waiting: waiting[1:],
    "the first message": lambda waiting: waiting[:1],
}
MOODS = ("is late", "is very late", "repeats itself", "forgets", "tells one thing late")


def _weighted() -> Iterable[tuple[int, Act]]:
    """Say what may happen, the ordinary first, and how often."""
    yield from ((1, partial(_ask, wish, True)) for wish in range(len(WISHES)))
    yield from ((3, partial(_ask, wish, True)) for wish in (0, 8))
    yield from ((3, partial(_relay, source, True)) for source in SOURCES)
    yield from ((3, partial(_take, service, ALL, True)) for service in SERVICES)
    yield from ((1, partial(_project, number, True)) for number in range(3))
    yield from ((7, partial(act, True)) for act in (_work, _poll))
    yield 5, _drain
    yield from ((2, partial(_change, place, which)) for place in (0, 1) for which in range(4))
    yield from ((n, partial(_pass, minutes)) for n, minutes in ((5, 2), (2, 60)))
    yield from ((1, partial(_ask, wish, False)) for wish in range(16))
    yield from ((2, partial(_relay, source, False)) for source in SOURCES)
    yield from ((2, partial(_take, service, ALL, False)) for service in SERVICES)
    yield from ((1, partial(_project, number, False)) for number in range(3))
    yield from ((5, partial(act, False)) for act in (_work, _poll))
    yield from ((6, partial(_go_on, number, 1)) for number in range(3))
    yield from ((3, partial(_go_on, number, 1000)) for number in range(3))
    yield from ((3, partial(_die, number)) for number in range(3))
    yield from ((1, partial(_crash, service)) for service in SERVICES)
    yield from ((1, partial(_take, s, one, True)) for s in SERVICES for one in CHOICES)
    yield from ((1, partial(_watch, service)) for service in SERVICES)
    yield from ((2, partial(_mood, mood)) for mood in MOODS)
    yield from ((1, partial(_lose, sequence)) for sequence in (0, -1, -2))
    yield from ((1, partial(_bus, what)) for what in ("is away", "is back", "is back"))
    yield from ((1, partial(_bus, what)) for what in ("forgets what it was told", "forgets ids"))
    yield 2, partial(_bus, "is made anew")
    yield from ((1, partial(_bureau, is_up)) for is_up in (False, True, True))
    yield from ((1, partial(_unreadable, service)) for service in SOURCES)
    yield 3, _mended


ACTS: tuple[Act, ...] = tuple(act for weight, act in _weighted() for _ in range(weight))
assert len(ACTS) < 256, len(ACTS)  # noqa: PLR2004 - one byte, and zero is nothing


@lru_cache(maxsize=64)
def _watched(off: frozenset[str]) -> World:
    """Return a world in which north has Alm under watch."""
    world = World(off)
    with office.at(world):
        world.ask(0, at_once=True)
        world.rest()
    return world


def play(schedule: bytes, off: frozenset[str] = frozenset(), told: list[str] | None = None) -> None:
    """Play a schedule to its end and hold the end against what is promised; raises `Red`."""
    if not schedule:
        return
    is_watched = schedule[0] >= WATCHED_FROM
    world = _watched(off).copy() if is_watched else World(off)
    if told is not None and is_watched:
        told.append("north has Alm as a customer, under watch")
    with office.at(world):
        for byte in schedule[1:]:
            if byte:
                said = ACTS[byte % (len(ACTS) + 1) - 1](world) if byte % (len(ACTS) + 1) else ""
                if told is not None and said:
                    told.append(said)
        world.rest()
        check(world)


def sentences(schedule: bytes, off: frozenset[str] = frozenset()) -> list[str]:
    """Return what happens in a schedule, and how it ends."""
    told: list[str] = []
    try:
        play(schedule, off, told)
    except Red as red:
        return [*told, f"red: {red}"]
    return told
