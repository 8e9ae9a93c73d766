"""A schedule: one byte a step, so that a shorter and smaller one is a simpler one."""
# ruff: noqa: FBT001 - a step is written down as its kind and what it is about, in order

from collections.abc import Callable, Iterable
from datetime import timedelta
from functools import lru_cache, partial

from support.simulation import in_memory, services
from support.simulation.bureau import RATINGS
from support.simulation.cast import NAMES, NUMBERS, WISHES
from support.simulation.checks import check
from support.simulation.models import PROJECTIONS
from support.simulation.process import Process
from support.simulation.record import SERVICES, SOURCES
from support.simulation.world import Red, World

Act = Callable[[World], None]
AND_SO, BEGINS = ", to the end", ", and pauses"
WATCHED_FROM = 128
"""A schedule whose first byte is as high begins where two companies are under watch already."""


def _ask(wish: int, at_once: bool, world: World) -> None:
    world.say(f"{WISHES[wish].sentence}{AND_SO if at_once else BEGINS}")
    world.ask(wish, at_once=at_once)


def _go_on(number: int, steps: int, world: World) -> None:
    world.say(f"{_name(world, number)} goes on" + (AND_SO if steps > 1 else BEGINS))
    world.go_on(number, steps)


def _die(number: int, world: World) -> None:
    world.say(f"{_name(world, number)} dies")
    world.die(number)


def _name(world: World, number: int) -> str:
    running: list[Process] = world.running
    return running[number % len(running)].name if running else "nobody"


def _relay(source: str, at_once: bool, world: World) -> None:
    world.say(f"the relay of {source} puts a window on the bus{AND_SO if at_once else BEGINS}")
    world.relay(source, at_once=at_once)


def _take(service: str, choice: str, at_once: bool, world: World) -> None:
    world.say(f"{service} takes in {choice}{AND_SO if at_once else BEGINS}")
    world.take_in(service, CHOICES[choice], at_once=at_once)


def _watch(service: str, world: World) -> None:
    world.say(f"{service} asks for what it misses")
    world.watch(service)


def _project(number: int, at_once: bool, world: World) -> None:
    world.say(f"the projector of {PROJECTIONS[number].name} folds{AND_SO if at_once else BEGINS}")
    world.project(number, at_once=at_once)


def _lose(sequence: int, world: World) -> None:
    world.say("the bus loses " + ("its first message" if sequence == 0 else "a late message"))
    world.bus.lose(sequence)


def _bus(what: str, world: World) -> None:
    world.say(f"the bus {what}")
    if what == "is made anew":
        world.rebuild_stream()
    elif what == "forgets what it was told":
        world.bus.restart()
    elif what == "forgets ids":
        world.bus.ids.clear()
    else:
        world.bus.is_up = what == "is back"


def _crash(service: str, world: World) -> None:
    world.say(f"{service} crashes")
    world.crash(service)


def _change(place: int, which: int, world: World) -> None:
    world.say(f"the bureau rates {NAMES[place]} {RATINGS[which]}")
    world.change(NUMBERS[place], which)


def _mood(mood: str, world: World) -> None:
    world.say(f"the bureau {mood} with the next change")
    world.bureau.mood = mood


def _bureau(is_up: bool, world: World) -> None:
    world.say(f"the bureau is {'back' if is_up else 'away'}")
    world.bureau.is_up = is_up


def _poll(at_once: bool, world: World) -> None:
    world.say(f"a poller reads notifications{AND_SO if at_once else BEGINS}")
    world.poll(at_once=at_once)


def _work(at_once: bool, world: World) -> None:
    world.say(f"a worker takes a step{AND_SO if at_once else BEGINS}")
    world.work(at_once=at_once)


def _pass(minutes: int, world: World) -> None:
    world.say(f"{minutes} minutes pass")
    world.now += timedelta(minutes=minutes)


def _unreadable(service: str, world: World) -> None:
    world.say(f"{service} cannot read what is said of Alm of north")
    company = WISHES[0].command
    world.was_unreadable = True
    world.unreadable.add((service, company.tenant, company.stream_id))


def _mended(world: World) -> None:
    world.say("all can be read again")
    world.unreadable.clear()


def _take_up(world: World) -> None:
    world.say("what was parked is taken up")
    for record in world.records.values():
        services.take_up_again(world, record)


def _drain(world: World) -> None:
    world.say("everything goes on as far as it can")
    world.drain()


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
    yield from ((2, partial(_project, number, False)) for number in range(3))
    yield from ((5, partial(act, False)) for act in (_work, _poll))
    yield from ((5, partial(_go_on, number, 1)) for number in range(3))
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
    yield 3, _take_up


ACTS: tuple[Act, ...] = tuple(act for weight, act in _weighted() for _ in range(weight))
assert len(ACTS) < 256, len(ACTS)


def name_of(act: Act) -> str:
    """Return how a step is written down: its kind and what it is about."""
    kind = act.func if isinstance(act, partial) else act
    about = act.args if isinstance(act, partial) else ()
    return " ".join([kind.__name__.removeprefix("_"), *(str(one) for one in about)])


NAMED = {name_of(act): number for number, act in enumerate(ACTS, 1)}


def bytes_of(kinds: Iterable[str]) -> list[int]:
    """Return the steps that are of these kinds: `ask`, `relay`, `crash` and so on."""
    wanted = set(kinds)
    return [n for n, act in enumerate(ACTS, 1) if name_of(act).partition(" ")[0] in wanted]


def scheduled(*steps: str, watched: bool = False) -> bytes:
    """Return the schedule of these steps."""
    return bytes([WATCHED_FROM if watched else 0, *(NAMED[step] for step in steps)])


@lru_cache(maxsize=64)
def _watched(off: frozenset[str]) -> World:
    """Return a world in which north has Alm and Björk under watch."""
    world = World(off)
    with in_memory.at(world):
        world.ask(0, at_once=True)
        world.ask(16, at_once=True)
        world.rest()
    return world


def play(schedule: bytes, off: frozenset[str] = frozenset(), told: list[str] | None = None) -> None:
    """Play a schedule to its end and hold the end against what is promised; raises `Red`."""
    is_watched = schedule[:1] >= bytes([WATCHED_FROM])
    world = _watched(off).copy() if is_watched else World(off)
    world.told = told
    if is_watched:
        world.say("north has Alm and Björk as customers, under watch")
    with in_memory.at(world):
        try:
            for byte in schedule[1:]:
                if number := byte % (len(ACTS) + 1):
                    ACTS[number - 1](world)
            world.say("everything heals, and goes on until nothing is left to do")
            world.rest()
            check(world)
        except Red:
            raise
        except Exception as error:
            raise Red(f"something broke: {error!r}") from error
        finally:
            world.abandon()


def sentences(schedule: bytes, off: frozenset[str] = frozenset()) -> list[str]:
    """Return what happens in a schedule, and how it ends."""
    told: list[str] = []
    try:
        play(schedule, off, told)
    except Red as red:
        return [*told, f"red: {red}"]
    return [*told, "green"]


def aloud(schedule: bytes, off: frozenset[str] = frozenset()) -> None:
    """Play a schedule; a red one tells what happened, in sentences and as data."""
    try:
        play(schedule, off)
    except Red:
        told = "\n".join(sentences(schedule, off))
        raise Red(f"{told}\nschedule {schedule.hex()}") from None
